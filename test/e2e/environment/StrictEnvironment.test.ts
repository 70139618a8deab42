import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../support/root';

/** Test files that seem to pass, and the message with which they must fail. */
const failing = {
    'an unhandled rejection in a passing test': [
        `test('x', async () => { Promise.reject(new Error('nobody listens')); await new Promise(setImmediate); })`,
        'nobody listens',
    ],
    'an unhandled rejection at the very end': [
        `test('x', () => { Promise.reject(new Error('nobody listens')); })`,
        'nobody listens',
    ],
    'an unhandled rejection after the last test': [
        `test('x', () => { setTimeout(() => Promise.reject(new Error('nobody waits')), 100); })`,
        'nobody waits',
    ],
    'an exception after the last test': [
        `test('x', () => { setTimeout(() => { throw new Error('too late'); }, 100); })`,
        'too late',
    ],
    'an unhandled rejection after the last hook': [
        `test('x', () => {}); afterAll(() => { setTimeout(() => Promise.reject(new Error('nobody waits')), 100); })`,
        'nobody waits',
    ],
    'a timer left running': [`test('x', () => { setInterval(() => {}, 50); })`, 'left open: Timeout'],
    'a server and its sockets left open': [
        `test('x', done => {
            const server = require('net').createServer().listen(0, '127.0.0.1', () => {
                require('net').connect(server.address().port, '127.0.0.1', done);
            });
        })`,
        /left open: .*TCPS(ocket|erver)Wrap.*TCPS(ocket|erver)Wrap/,
    ],
    'a wrong bigint': [`test('x', () => { expect(5n).toBe(7n); })`, 'Expected: 7n'],
    'an error with a cycle': [
        `test('x', () => { const error = new Error('round and round'); error.self = error; throw error; })`,
        'round and round',
    ],
    'a child process left running': [
        `test('x', () => { require('child_process').spawn('cat'); })`,
        /left open: .*ProcessWrap/,
    ],
} as const;

const passing = {
    'everything closed, partly at the last moment': `
        let server;
        beforeAll(done => { server = require('net').createServer().listen(0, '127.0.0.1', done); });
        test('x', async () => { await Promise.reject(new Error('expected')).catch(() => {}); setTimeout(() => {}, 200); });
        afterAll(() => { server.close(); });`,
};

interface JestResult {
    success: boolean;
    testResults: { name: string; status: string; message: string }[];
}

describe('StrictEnvironment', () => {
    let directory: string;
    let result: JestResult;

    beforeAll(async () => {
        directory = await mkdtemp(join(tmpdir(), 'strict-environment-'));
        const files = [...Object.entries(failing).map(([name, [code]]) => [name, code]), ...Object.entries(passing)];
        await Promise.all(files.map(([name, code]) => writeFile(join(directory, `${name}.test.js`), code ?? '')));
        result = await runJest(directory);
    }, 60_000);

    afterAll(() => rm(directory, { recursive: true }));

    const outcome = (name: string) => result.testResults.find(file => file.name.endsWith(`/${name}.test.js`));

    it.each(Object.entries(failing))('fails on %s', (name, [, words]) => {
        expect(outcome(name)).toMatchObject({ status: 'failed', message: expect.stringMatching(words) });
        expect(result.success).toBe(false);
    });

    it.each(Object.keys(passing))('passes with %s', name => {
        expect(outcome(name)).toMatchObject({ status: 'passed', message: '' });
    });
});

async function runJest(rootDir: string): Promise<JestResult> {
    const config = {
        rootDir,
        testEnvironment: join(root, 'test/jest/StrictEnvironment.ts'),
        transform: {
            '\\.ts$': [require.resolve('ts-jest'), { tsconfig: join(root, 'tsconfig.json'), diagnostics: false }],
        },
        workerIdleMemoryLimit: '1GB',
    };
    const jest = [require.resolve('jest/bin/jest'), '--json', '--config', JSON.stringify(config)];
    const output = await new Promise<string>(done => {
        execFile(process.execPath, jest, { cwd: root, maxBuffer: 1 << 24 }, (_, stdout) => done(stdout));
    });
    return JSON.parse(output) as JestResult;
}
