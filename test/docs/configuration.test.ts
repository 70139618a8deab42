import { ConfigParams } from 'pip-services4-components-node';
import { MemcachedConnection } from 'pip-services4-memcached-node';
import { readClientOptions } from '../../src/client/model/ClientOptions';
import { OPTIONS } from '../../src/connect/MemcachedOptions';
import { MAX_TIMER_MS } from '../../src/util/timers';
import { useServer } from '../support/Opener';
import { nameIn, Page } from './Page';

type Option = (typeof OPTIONS)[keyof typeof OPTIONS];

const page = new Page('docs/configuration.md');
const server = useServer();
const options: readonly Option[] = Object.values(OPTIONS);
const optionOf = (cell: string | undefined): Option | undefined =>
    options.find(({ key }) => `options.${key}` === nameIn(cell));

/** Returns the allowed values without the largest numbers, which limit no service. */
function brief(allowed: string): string {
    const [, min, max] = /^whole numbers from (\d+) to (\d+)$/.exec(allowed) ?? [];
    if (min === undefined) return allowed.replace(/^one of /, '');
    return [MAX_TIMER_MS, Number.MAX_SAFE_INTEGER].includes(Number(max)) ? `≥ ${min}` : `${min} to ${max}`;
}

it('lists every option in one section', () => {
    const listed = page.sections('options-').flatMap(name => page.rows(name).map(([option]) => nameIn(option)));
    expect(listed.sort()).toEqual(options.map(({ key }) => `options.${key}`).sort());
});

it.each(page.sections('options-'))('describes the options of %s as the code has them', name => {
    const rows = page.rows(name).map(([cell = '', meaning = '']) => {
        const { default: value, allowed, reader } = optionOf(cell)!;
        expect([cell, meaning]).toEqual([cell, expect.stringMatching(/^[A-Zt]/)]);
        return [cell, meaning, String(value ?? 'by source'), brief(allowed), reader];
    });
    page.expectRows(name, rows);
});

/** Returns a text for the option that is valid and not the default. */
function otherValue({ allowed, default: value }: Option): string {
    const [, max] = /^whole numbers from \d+ to (\d+)$/.exec(allowed) ?? [];
    if (max !== undefined) return String(Number(value) < Number(max) ? Number(value) + 1 : Number(value) - 1);
    return allowed === 'true or false' ? 'true' : allowed.startsWith('one of') ? 'binary' : 'prefix';
}

/** Returns the settings of the client of a shared connection with these options, by name. */
async function clientSettings(given: Record<string, string> = {}): Promise<Map<string, unknown>> {
    const connection = new MemcachedConnection();
    const { host, port } = server;
    connection.configure(ConfigParams.fromValue({ connection: { host, port }, options: given }));
    await connection.open(null);
    const settings = new Map<string, unknown>(Object.entries(connection.commands.cluster.servers[0]!.options));
    await connection.close(null);
    settings.delete('observer');
    return settings;
}

it('maps the options of the components to those of the client', async () => {
    const defaults = await clientSettings();
    const rows: string[][] = [];
    for (const option of options) {
        const changed = [...(await clientSettings({ [option.key]: otherValue(option) }))];
        const [name, ...others] = changed.filter(([one, value]) => value !== defaults.get(one)).map(([one]) => one);
        expect(others).toEqual([]);
        if (name !== undefined) rows.push([`\`options.${option.key}\``, `\`${name}\``]);
    }
    const mapped = rows.map(([, name]) => nameIn(name));
    const others = Object.keys(readClientOptions({})).filter(name => !mapped.includes(name));
    for (const name of others) rows.push(['none', `\`${name}\``]);
    expect(new Set(mapped).size).toBe(mapped.length);
    page.expectRows('client-options', rows);
});
