import { Outcome as Status } from '../../../../src/client/protocol/Protocol';
import { toCommand, type Command, type Verb } from '../Command';
import type { BackEnd, FrontEnd } from './FrontEnd';
import type { Answer } from '../Memory';
import { parseFlags, parseRequest, requestBytes, toCount, toSeconds, toUint64, type TextRequest } from './TextRequest';

/** Before a login 1.6.45 ends the connection at a shorter line. */
const MIN_LOGIN_BYTES = 6;
const CLASSIC_STORES: ReadonlySet<string> = new Set(['set', 'add', 'replace', 'cas', 'append', 'prepend']);
/** Line with an opaque. */
const NUMBERED = /^[A-Z]{2}[^\r]* O\S/;

/** Words of the classic commands. */
const WORDS: Readonly<Record<number, string>> = {
    [Status.OK]: 'STORED',
    [Status.EXISTS]: 'EXISTS',
    [Status.NOT_FOUND]: 'NOT_FOUND',
    [Status.NOT_STORED]: 'NOT_STORED',
};
/** Codes of the meta commands. */
const CODES: Readonly<Record<number, string>> = {
    [Status.OK]: 'HD',
    [Status.EXISTS]: 'EX',
    [Status.NOT_FOUND]: 'NF',
    [Status.NOT_STORED]: 'NS',
};
const ERRORS: Readonly<Record<number, string>> = {
    [Status.TOO_LARGE]: 'SERVER_ERROR object too large for cache',
    [Status.OUT_OF_MEMORY]: 'SERVER_ERROR out of memory storing object',
    [Status.NOT_A_NUMBER]: 'CLIENT_ERROR cannot increment or decrement non-numeric value',
};

/** Text protocol on one connection: meta commands, and the classic ones that the client uses. */
export class TextFrontEnd implements FrontEnd {
    readonly isBinary = false;
    private isLoggedIn: boolean;
    private readonly commands: Readonly<Record<string, (request: TextRequest) => Buffer | string>>;

    constructor(
        private readonly server: BackEnd,
        private readonly client: string,
    ) {
        this.isLoggedIn = !server.hasLogin;
        const { speaks, version } = server.variant;
        const classic = {
            version: () => `VERSION ${version}`,
            stats: ({ key }: TextRequest) => this.statistics(key),
            ...(speaks === 'proxy' ? {} : { flush_all: () => this.flush() }),
        };
        const stores = Object.fromEntries([...CLASSIC_STORES].map(name => [name, this.store.bind(this)]));
        const meta = {
            mn: () => 'MN',
            mg: this.metaGet.bind(this),
            ms: this.metaSet.bind(this),
            md: this.metaDelete.bind(this),
            ma: this.metaCount.bind(this),
        };
        this.commands = { ...classic, ...stores, ...(version === '1.5.16' ? {} : meta) };
    }

    lengthOf(input: Buffer, at: number): number {
        const hasData = this.isLoggedIn || input.toString('latin1', at, at + 4) === 'set ';
        return requestBytes(input, at, hasData);
    }

    answer(request: Buffer, replies: Buffer[]): boolean {
        if (!this.isLoggedIn) return this.logIn(request, replies);
        const parsed = parseRequest(request);
        const run = this.commands[parsed.command];
        // A proxy drops what it has not sent yet.
        if (run === undefined && this.server.variant.speaks === 'proxy') return false;
        replies.push(toLine(run === undefined ? 'ERROR' : run(parsed)));
        return true;
    }

    isNoticedTwice(reply: Buffer): boolean {
        return NUMBERED.test(reply.toString('latin1', 0, 100));
    }

    /** Handles a request before the login. memcached sends only the last reply to one read. */
    private logIn(request: Buffer, replies: Buffer[]): boolean {
        const text = request.toString();
        const [, username = '', password = ''] = /^set [^]*?\r\n(\S+) (\S+)\r\n$/.exec(text) ?? [];
        this.isLoggedIn = username !== '' && this.server.isLogin(username, password);
        replies.length = 0;
        if (request.length < MIN_LOGIN_BYTES && this.server.variant.version === '1.6.45') return false;
        const failure = username === '' ? 'unauthenticated' : 'authentication failure';
        replies.push(toLine(this.isLoggedIn ? 'STORED' : `CLIENT_ERROR ${failure}`));
        return true;
    }

    private store({ command, key, tokens, data }: TextRequest): string {
        const [flags, expiry, , cas] = tokens;
        const { status } = this.execute(command as Verb, key, {
            value: data,
            flags: toCount(flags, command),
            expiry: toSeconds(expiry, command),
            cas: command === 'cas' ? toUint64(cas, command) : 0n,
        });
        if (command !== 'cas' && (status === Status.EXISTS || status === Status.NOT_FOUND)) return 'NOT_STORED';
        return WORDS[status] ?? ERRORS[status]!;
    }

    private metaGet(request: TextRequest): Buffer | string {
        const { command, key } = request;
        const flags = parseFlags(request, 'vfcTO');
        const hasValue = flags.has('v');
        const expiry = flags.has('T') ? toSeconds(flags.get('T'), command) : 0;
        const reads: Verb = flags.has('f') ? 'get' : 'readBack';
        const touches: Verb = hasValue || flags.has('f') || flags.has('c') ? 'getAndTouch' : 'touch';
        const answer = this.execute(flags.has('T') ? touches : reads, key, { expiry });
        if (answer.status === Status.NOT_FOUND) return `EN${echo(flags, 'O', answer)}`;
        const shown = echo(flags, 'fcO', answer);
        if (!hasValue) return `HD${shown}`;
        const { value } = answer;
        return Buffer.concat([Buffer.from(`VA ${value.length}${shown}\r\n`), value]);
    }

    private metaSet(request: TextRequest): string {
        const { command, key, data } = request;
        const flags = parseFlags(request, 'FTcO');
        const answer = this.execute('set', key, {
            value: data,
            flags: toCount(flags.get('F') ?? '0', command),
            expiry: toSeconds(flags.get('T') ?? '0', command),
        });
        return ERRORS[answer.status] ?? CODES[answer.status]! + echo(flags, 'cO', answer);
    }

    private metaDelete(request: TextRequest): string {
        const flags = parseFlags(request, 'CO');
        const cas = flags.has('C') ? toUint64(flags.get('C'), 'md') : 0n;
        if (flags.has('C') && cas === 0n) throw new Error('md compares the CAS 0');
        const answer = this.execute('delete', request.key, { cas });
        return CODES[answer.status]! + echo(flags, 'O', answer);
    }

    private metaCount(request: TextRequest): Buffer | string {
        const flags = parseFlags(request, 'vMDJNO');
        const mode = flags.get('M') ?? 'I';
        if (mode !== 'I' && mode !== 'D') throw new Error(`invalid mode ${mode} of ma`);
        if (!flags.has('v')) throw new Error('ma does not read the counter');
        const creates = flags.has('N');
        const answer = this.execute(mode === 'I' ? 'increment' : 'decrement', request.key, {
            delta: toUint64(flags.get('D') ?? '1', 'ma'),
            initial: creates ? toUint64(flags.get('J') ?? '0', 'ma') : null,
            expiry: creates ? toSeconds(flags.get('N'), 'ma') : 0,
        });
        const { status, count } = answer;
        if (status === Status.OUT_OF_MEMORY)
            return `SERVER_ERROR ${count === null ? 'out of memory' : 'Out of memory allocating new item'}`;
        if (status !== Status.OK) return ERRORS[status] ?? CODES[status]! + echo(flags, 'O', answer);
        return `VA ${String(count).length}${echo(flags, 'O', answer)}\r\n${count}`;
    }

    private statistics(group: string): string {
        const found = this.server.statistics(group);
        if (found === null) return 'ERROR';
        return [...found.map(([name, value]) => `STAT ${name} ${value}`), 'END'].join('\r\n');
    }

    private flush(): string {
        this.server.flush();
        return 'OK';
    }

    private execute(verb: Verb, key: string, given: Partial<Command>): Answer {
        if (key === '') throw new Error(`${verb} without a key`);
        return this.server.execute(toCommand(verb, key, given), this.client);
    }
}

/** Returns the flags that a reply repeats or fills in, in the order of the request. */
function echo(flags: ReadonlyMap<string, string>, shown: string, { flags: bits, cas }: Answer): string {
    let text = '';
    for (const [letter, token] of flags) {
        if (!shown.includes(letter)) continue;
        text += ` ${letter}${letter === 'f' ? bits : letter === 'c' ? cas : token}`;
    }
    return text;
}

function toLine(reply: Buffer | string): Buffer {
    return Buffer.concat([Buffer.from(reply as string), Buffer.from('\r\n')]);
}
