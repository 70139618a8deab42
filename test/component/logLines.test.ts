import { LOG_LINES } from 'pip-services4-memcached-node';
import { line } from '../../src/component/logLines';

it('replaces each … by one value, in order', () => {
    expect(line('serverDown', 'a:1', 'refused')).toBe('memcached at a:1 is down: refused');
    expect(line('repeated', line('lockReleaseFailed', 'k', 'silent'), 3)).toBe(
        'cannot release lock k: silent (and 3 more since the last such line)',
    );
    expect(line('tlsUnused', 'credential.ssl_verify')).toBe(
        'no server uses TLS, so these keys have no effect: credential.ssl_verify',
    );
});

it('inserts values unchanged, even with a … or a $ in them', () => {
    expect(line('serverDown', 'a…:1', "$& $' …")).toBe("memcached at a…:1 is down: $& $' …");
});

it('returns one line, whatever the values are', () => {
    const message = 'query failed:\n    at line 1\r\n2026-11-26 FATAL all is lost';
    expect(line('refreshFailures', 'k', message)).toBe(
        'cannot refresh the stale value of k: query failed: at line 1 2026-11-26 FATAL all is lost',
    );
});

it('starts every text with a level, and has no duplicate text', () => {
    const lines = Object.values(LOG_LINES);
    for (const text of lines) expect(text).toMatch(/^(warn|info): \S/);
    expect(new Set(lines).size).toBe(lines.length);
});
