import { LOG_LINES } from 'pip-services4-memcached-node';
import { line } from '../../src/component/logLines';

it('puts one value in the place of each …, in their order', () => {
    expect(line('serverDown', 'a:1', 'refused')).toBe('memcached at a:1 is down: refused');
    expect(line('again', line('lockReleaseFailed', 'k', 'silent'), 3)).toBe(
        'lock k could not be released: silent (and 3 others since this was last said)',
    );
    expect(line('discoveryAnswers')).toBe('discovery answers again');
});

it('takes values as they are, also with a … or a $ in them', () => {
    expect(line('serverDown', 'a…:1', "$& $' …")).toBe("memcached at a…:1 is down: $& $' …");
});

it('is one line, whatever its values are', () => {
    const message = 'query failed:\n    at line 1\r\n2026-11-26 FATAL all is lost';
    expect(line('refreshFailures', 'k', message)).toBe(
        'cannot refresh the stale value of k: query failed: at line 1 2026-11-26 FATAL all is lost',
    );
});

it('has a level in front of every text, and no text twice', () => {
    const lines = Object.values(LOG_LINES);
    for (const text of lines) expect(text).toMatch(/^(warn|info): \S/);
    expect(new Set(lines).size).toBe(lines.length);
});
