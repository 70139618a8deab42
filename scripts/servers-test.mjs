// `npm run test:servers [-- --markdown] [-- name …]`: runs each verb against each kind of server.
// The servers run on the memcached of `npm run setup` and on the newest one. The script prints a
// table. It ends with 77 if the newest one is unavailable and nothing else has failed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { provideNewest } from './setup/newest.mjs';
import { root, say } from './setup/say.mjs';

const LEFT_OUT = 77;

const { values, positionals: names } = parseArgs({
    options: { markdown: { type: 'boolean', default: false } },
    allowPositionals: true,
});
const newest = await provideNewest();
const { isOk, tests } = runTests();
if (tests.length > 0) console.log(values.markdown ? markdownOf(tests) : textOf(tests));
if (newest.failure) say(`\nThe newest memcached was left out: ${newest.failure}`);
process.exitCode = !isOk ? 1 : newest.failure ? LEFT_OUT : 0;

/** Runs jest. Returns the results of the verbs: server, verb, result, reason of a missing verb. */
function runTests() {
    const work = mkdtempSync(join(tmpdir(), 'servers-test-'));
    const report = join(work, 'report.json');
    const jest = ['node_modules/jest/bin/jest.js', '--config', 'test/servers/jest.config.js'];
    const only = names.length > 0 ? ['--testNamePattern', names.join('|')] : [];
    const env = { ...process.env, ...(newest.command && { NEWEST_MEMCACHED: newest.command }) };
    try {
        const { status } = spawnSync(process.execPath, [...jest, ...only, '--json', '--outputFile', report], {
            cwd: root,
            env,
            stdio: ['ignore', 'ignore', 'inherit'],
        });
        const { testResults = [] } = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
        const ofVerbs = testResults.filter(({ name }) => name.endsWith('verbs.test.ts'));
        const results = ofVerbs.flatMap(({ assertionResults }) => assertionResults);
        return { isOk: status === 0, tests: results.filter(({ status }) => status !== 'pending').map(toTest) };
    } finally {
        rmSync(work, { recursive: true, force: true });
    }
}

function toTest({ ancestorTitles: [server], title, status }) {
    const [verb, reason] = title.split(': n/a, ');
    const result = status !== 'passed' ? 'FAILED' : reason ? 'n/a' : 'ok';
    return { server, verb, result, reason };
}

/** Returns a row per verb and a column per server. */
function tableOf(tests) {
    const servers = [...new Set(tests.map(({ server }) => server))];
    const verbs = [...new Set(tests.map(({ verb }) => verb))];
    const cell = (verb, server) => tests.find(test => test.verb === verb && test.server === server)?.result ?? '';
    return { servers, rows: verbs.map(verb => [verb, ...servers.map(server => cell(verb, server))]) };
}

/** Returns the reasons, each with its verbs and the numbers of its servers. */
function reasonsOf(tests, servers) {
    const missing = tests.filter(({ reason }) => reason);
    return [...new Set(missing.map(({ reason }) => reason))].map(reason => {
        const those = missing.filter(test => test.reason === reason);
        const verbs = [...new Set(those.map(({ verb }) => verb))].join('; ');
        const columns = [...new Set(those.map(({ server }) => servers.indexOf(server) + 1))].join(', ');
        return `n/a in ${columns} (${verbs}): ${reason}`;
    });
}

function textOf(tests) {
    const { servers, rows } = tableOf(tests);
    const table = [['', ...servers.map((_, i) => `${i + 1}`)], ...rows];
    const widths = table[0].map((_, column) => Math.max(...table.map(row => row[column].length)));
    const lines = table.map(row => row.map((text, column) => text.padEnd(widths[column])).join('  '));
    return [
        ...servers.map((server, i) => `${i + 1} = ${server}`),
        '',
        ...lines.map(line => line.trimEnd()),
        '',
        ...reasonsOf(tests, servers),
    ].join('\n');
}

function markdownOf(tests) {
    const { servers, rows } = tableOf(tests);
    const line = cells => `| ${cells.join(' | ')} |`;
    return [
        ...servers.map((server, i) => `${i + 1}. ${server}`),
        '',
        line(['', ...servers.map((_, i) => i + 1)]),
        line(['---', ...servers.map(() => '---')]),
        ...rows.map(line),
        '',
        ...reasonsOf(tests, servers).map(reason => `- ${reason}`),
    ].join('\n');
}
