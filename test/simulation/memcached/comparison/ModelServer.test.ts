import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Opcode } from '../../../../src/client/protocol/binary/constants';
import { seed } from '../../../support/random';
import { MemcachedProcess } from '../../../support/server/MemcachedProcess';
import { LOGIN } from '../../workload/settings';
import { Random } from '../../world/Random';
import { ModelPeer, SocketPeer, startModel } from './exchanges';
import type { Variant } from '../protocols/FrontEnd';
import type { ModelServer } from '../ModelServer';
import { randomRequest, type RandomRequest } from './randomRequests';

/** `MEMCACHED_NEWEST` names a further memcached to compare with, of version 1.6.45. */
const { MEMCACHED_NEWEST } = process.env;
type Build = readonly [version: Variant['version'], command: string | undefined];
const BUILDS: Build[] = [['1.6.18', undefined]];
if (MEMCACHED_NEWEST !== undefined) BUILDS.push(['1.6.45', MEMCACHED_NEWEST]);

const ROUNDS = 200;
const KNOWN_CAS = /(^VA \d+|^HD)([^\r]*?) c(\d+)/gm;
const NO_CAS = '999999999';

/** Replaces each CAS by its rank of appearance, and keeps 0. */
class CasNumbers {
    readonly seen: string[] = [];

    constructor(private readonly hasCas: boolean) {}

    hide(replies: string): string {
        return replies.replace(KNOWN_CAS, (_, code: string, flags: string, cas: string) => {
            if (cas !== '0' && !this.seen.includes(cas)) this.seen.push(cas);
            return `${code}${flags} c#${this.seen.indexOf(cas)}`;
        });
    }

    /** Returns one of the last CAS numbers. */
    at(index: number): string {
        return this.hasCas ? (this.seen.at(-index) ?? NO_CAS) : NO_CAS;
    }
}

/** Sends a random sequence to both servers, and compares the replies. */
async function compare(command: string | undefined, version: Variant['version'], hasCas: boolean): Promise<void> {
    const random = new Random(seed(), `like memcached ${version} ${hasCas}`);
    const real = await MemcachedProcess.start({ command, withoutCas: !hasCas });
    try {
        const socket = await SocketPeer.open(real.connect());
        const model = new ModelPeer(startModel({ hasCas }, { speaks: 'both', version }));
        const numbers = { model: new CasNumbers(hasCas), real: new CasNumbers(hasCas) };
        for (let round = 0; round < ROUNDS; round++) {
            const requests = Array.from({ length: random.int(1, 15) }, () => randomRequest(random, hasCas));
            const render = (side: 'model' | 'real'): Buffer =>
                Buffer.from(requests.map((one: RandomRequest) => one(i => numbers[side].at(i))).join('') + 'mn\r\n');
            const expected = await model.send(render('model'));
            const actual = await socket.send(render('real'), expected);
            const hidden = numbers.model.hide(expected);
            if (numbers.real.hide(actual) === hidden) continue;
            expect({ requests: brief(render('model')), replies: brief(hidden) }).toEqual({
                requests: brief(render('model')),
                replies: brief(numbers.real.hide(actual)),
            });
        }
        socket.end();
    } finally {
        await real.end();
    }
}

function brief(text: string | Buffer): string[] {
    return String(text)
        .split('\n')
        .map(line => (line.length < 200 ? line : `${line.slice(0, 50)}… (${line.length})`));
}

const frame = (opcode: number, key = '', value = ''): string => {
    const header = Buffer.alloc(24);
    header[0] = 0x80;
    header[1] = opcode;
    header.writeUInt16BE(key.length, 2);
    header.writeUInt32BE(key.length + value.length, 8);
    header.writeUInt32BE(0x0d0a, 12);
    return header.toString('latin1') + key + value;
};
const SASL = frame(Opcode.SASL_AUTH, 'PLAIN', `\0${LOGIN.username}\0${LOGIN.password}`);
const BINARY = frame(Opcode.VERSION) + frame(Opcode.NOOP);
const TEXT = 'version\r\nmn\r\nstats proxy\r\n';
const login = (password: string): string => {
    const text = `${LOGIN.username} ${password}`;
    return `set login 0 -1 ${text.length}\r\n${text}\r\n`;
};
const RIGHT = login(LOGIN.password);
const WRONG = login('wrong');

/** Options of the server, and connections with their writes. */
const VARIANTS: Readonly<Record<string, readonly [Variant['speaks'], readonly string[], readonly string[][]]>> = {
    'both protocols': ['both', [], [[TEXT], [BINARY], ['mn\r', '\nver', 'sion\r\n'], [RIGHT, 'mg login v O00\r\n']]],
    'binary alone': ['binary', ['-B', 'binary'], [[BINARY], ['mn\r\n'], ['version\r\nmn\r\n', TEXT], [TEXT]]],
    'text alone': ['text', ['-B', 'ascii'], [[BINARY], [SASL + BINARY], [TEXT]]],
    'text with a login': [
        'text',
        ['-Y'],
        [
            [TEXT],
            [BINARY],
            [SASL + BINARY],
            ['version\r\n', 'version\r\n'],
            ['mn    \r\n'],
            ['mn\r\n'],
            [RIGHT + TEXT],
            [RIGHT, TEXT],
            [WRONG],
            [WRONG + TEXT],
            [WRONG + 'version\r\nmn    \r\nstats proxy\r\n'],
            [WRONG, RIGHT, TEXT],
            [WRONG + RIGHT + TEXT],
            [RIGHT, RIGHT, 'mg login v O00\r\n'],
        ],
    ],
};

/** Sends the same writes to both servers, and compares the replies to each write. */
async function compareWrites(real: MemcachedProcess, model: ModelServer, writes: readonly string[]): Promise<void> {
    const [peer, socket] = [new ModelPeer(model), await SocketPeer.open(real.connect())];
    try {
        for (const write of writes) {
            const bytes = Buffer.from(write, 'latin1');
            const expected = await peer.send(bytes);
            expect([write, await socket.send(bytes, expected)]).toEqual([write, expected]);
        }
    } finally {
        socket.end();
    }
}

/** Starts a server for `run`, and ends it afterwards. `-Y` gets a file with the login. */
async function withServer(
    command: string | undefined,
    options: readonly string[],
    run: (real: MemcachedProcess) => Promise<void>,
): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), 'model-'));
    const file = join(directory, 'logins');
    writeFileSync(file, `${LOGIN.username}:${LOGIN.password}\n`);
    const args = options.flatMap(option => (option === '-Y' ? [option, file] : [option]));
    const real = await MemcachedProcess.start({ command, args });
    try {
        await run(real);
    } finally {
        await real.end();
        rmSync(directory, { recursive: true });
    }
}

describe.each(BUILDS)('the model of memcached %s', (version, command) => {
    it('answers random requests like memcached', () => compare(command, version, true));
    it('answers random requests like memcached without CAS (-C)', () => compare(command, version, false));

    it.each(Object.entries(VARIANTS))('treats connections like a server with %s', async (_, [speaks, args, all]) => {
        const hasLogin = args.includes('-Y');
        await withServer(command, args, async real => {
            for (const writes of all) await compareWrites(real, startModel({ hasLogin }, { speaks, version }), writes);
        });
    });

    it('answers like a full memcached (-M)', async () => {
        const sizes = [0, 10, 20, 30, 40, 60, 80];
        await withServer(command, ['-M', '-m', '2'], async real => {
            const model = startModel({}, { speaks: 'both', version });
            const items = KEPT.map(({ key, value }) => `set ${key} 0 0 ${value.length}\r\n${value}\r\n`).join('');
            await compareWrites(real, model, [items]);
            for (const size of sizes) await fill(real, size);
            model.fill(1000);
            for (const { key, request } of KEPT) {
                await compareWrites(real, model, [request, `mg ${key} v O00\r\n`]);
                // A failed set frees memory.
                for (const size of sizes) await fill(real, size);
            }
        });
    });
});

const NEW = 'x'.repeat(20);
/** Requests to a full server, with the key and the value before. */
const KEPT = [
    ...['add K 0 0', 'replace K 0 0', 'append K 0 0', 'prepend K 0 0', 'cas K 0 0', 'set K 0 0', 'ms K'].map(words => {
        const rest = words.startsWith('cas') ? ' 1' : words.startsWith('ms') ? ' O00' : '';
        return { words: `${words} 20${rest}\r\n${NEW}\r\n`, value: 'old' };
    }),
    { words: 'ma K v MI D1 J1 N0 O00\r\n', value: '9' },
    { words: 'ma K v MI D1 J1 N0 O00\r\n', value: '8' },
    { words: 'ma K v MI D1 O00\r\n', value: 'text' },
    { words: 'mg K v T100 O00\r\n', value: 'old' },
    { words: 'ma missing v MI D1 J1 N0 O00\r\n', value: 'old' },
    { words: 'append missing 0 0 20\r\n' + NEW + '\r\n', value: 'old' },
    { words: 'md K O00\r\n', value: 'old' },
].map(({ words, value }, i) => ({ key: `k${i}`, value, request: words.replace(' K ', ` k${i} `) }));

let fills = 0;

/** Uses up the memory for values of this size. */
async function fill(real: MemcachedProcess, size: number): Promise<void> {
    const socket = await SocketPeer.open(real.connect());
    const add = (key: string): string => `add ${key} 0 0 ${size}\r\n${'x'.repeat(size)}\r\n`;
    for (let isFull = false; !isFull;) {
        const batch = Array.from({ length: 200 }, () => add(`f${++fills}`)).join('') + 'mn\r\n';
        isFull = (await socket.until(Buffer.from(batch), 'MN\r\n')).includes('out of memory');
    }
    socket.end();
}
