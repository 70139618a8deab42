import { ERROR_CODES } from 'pip-services4-memcached-node';
import { isUnavailable } from '../../src/client/model/errors';
import { nameIn, Page } from './Page';

const page = new Page('docs/errors.md');
const sections = page.sections('errors-');
const codesIn = (name: string): string[] => page.rows(name).map(([code]) => nameIn(code));

it('lists exactly the error codes of the sources, with their exceptions', () => {
    const listed = sections.flatMap(name => page.rows(name)).map(([code, exception]) => [code, exception].map(nameIn));
    expect(listed.sort()).toEqual(Object.entries(ERROR_CODES).sort());
});

it('lists the errors that `options.fail_soft` answers as unavailable', () => {
    const unavailable = Object.keys(ERROR_CODES).filter(code => isUnavailable({ code }));
    expect(codesIn('errors-unavailable').sort()).toEqual(unavailable.sort());
});

it.each(sections)('leaves no cell of %s empty', name => {
    for (const row of page.rows(name)) expect(row).toEqual(row.map(() => expect.stringMatching(/./) as unknown));
});
