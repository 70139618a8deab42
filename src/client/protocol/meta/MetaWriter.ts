import type { Login } from '../../model/ServerAddress';
import type { StoreSpec } from '../../model/StoreSpec';
import { high32, join64, low32 } from '../../../util/uint64';
import type { ConcatMode, CountMode, RequestWriter, StoreMode, StoreReply } from '../Protocol';
import { BY_REFERENCE_BYTES, WriteBuffer } from '../WriteBuffer';
import * as constants from './constants';
import { Shape, type ExpectedReplies } from './ExpectedReplies';

const { Command, CR, Flag, LF, SPACE, tokenOf } = constants;

/** The maximum size of a line without its key. */
const LINE_BYTES = 128;

/** memcached reads an expiry as a signed number of 32 bits. */
const MAX_SECONDS = 0x7fffffff;

/** Doubles are exact below 2^53, so the high word must be below 2^21. */
const EXACT_HIGH = 0x200000;

const INTEGER_LIMIT = 0x40000000;

/** A server without logins stores the login under this key. It expires at once. */
const LOGIN_KEY = 'login';

/**
 * Writes commands of the meta protocol, and some classic ones.
 *
 * - If memcached is out of memory, `ms` deletes the stored item in every mode. So only `set` uses
 *   it.
 * - Replies to the other stores have no CAS. So an `mg` behind the store reads it.
 * - Some requests have no meta command.
 *
 * No command is quiet. A reader cannot assign the error of a quiet command to its request.
 */
export class MetaWriter extends WriteBuffer implements RequestWriter {
    constructor(private readonly expected: ExpectedReplies) {
        super();
    }

    override mark(): void {
        super.mark();
        this.expected.mark();
    }

    override rollBack(): void {
        super.rollBack();
        this.expected.rollBack();
    }

    get(opaque: number, key: string): void {
        this.beginGet(key);
        this.endWithOpaque(opaque, Shape.VALUE);
    }

    getAndTouch(opaque: number, key: string, seconds: number): void {
        this.beginGet(key);
        this.expiry(seconds);
        this.endWithOpaque(opaque, Shape.VALUE);
    }

    touch(opaque: number, key: string, seconds: number): void {
        this.begin(Command.GET, key);
        this.expiry(seconds);
        this.endWithOpaque(opaque, Shape.LINE);
    }

    store(opaque: number, mode: StoreMode, key: string, spec: StoreSpec, reply: StoreReply): void {
        if (mode === 'set') return this.set(opaque, key, spec, reply);
        this.body(this.beginStore(mode === 'add' ? 'add ' : 'replace ', key, spec), spec.value);
        if (reply === 'cas') this.readBack(opaque, key, spec.value);
        else this.expected.add(opaque, Shape.STORED_TEXT);
    }

    compareAndStore(opaque: number, key: string, spec: StoreSpec, casHigh: number, casLow: number): void {
        const lengthAt = this.beginStore('cas ', key, spec);
        this.space();
        this.uint64(casHigh, casLow);
        this.body(lengthAt, spec.value);
        this.readBack(opaque, key, spec.value);
    }

    concat(opaque: number, mode: ConcatMode, key: string, value: string | Uint8Array): void {
        const spec = { value, flagBits: 0, expirySeconds: 0 };
        this.body(this.beginStore(mode === 'append' ? 'append ' : 'prepend ', key, spec), value);
        this.expected.add(opaque, Shape.STORED_TEXT);
    }

    delete(opaque: number, key: string): void {
        this.begin(Command.DELETE, key);
        this.endWithOpaque(opaque, Shape.LINE);
    }

    compareAndDelete(opaque: number, key: string, casHigh: number, casLow: number): void {
        this.begin(Command.DELETE, key);
        this.flag(Flag.EXPECTED_CAS);
        this.uint64(casHigh, casLow);
        this.endWithOpaque(opaque, Shape.LINE);
    }

    count(opaque: number, mode: CountMode, key: string, delta: bigint, initial: bigint | null, seconds: number): void {
        this.begin(Command.COUNT, key);
        this.flag(Flag.VALUE);
        this.text(mode === 'increment' ? ' MI' : ' MD');
        this.flag(Flag.DELTA);
        this.uint64(high32(delta), low32(delta));
        if (initial !== null) {
            this.flag(Flag.INITIAL);
            this.uint64(high32(initial), low32(initial));
            this.flag(Flag.CREATE);
            this.seconds(seconds);
        }
        this.endWithOpaque(opaque, Shape.NUMBER);
    }

    noop(opaque: number): void {
        // The reply does not repeat the opaque. Without it the line would be so short that a server
        // with logins (-Y) closes the connection.
        this.beginText('mn', '');
        this.endWithOpaque(opaque, Shape.NOOP);
    }

    version(opaque: number): void {
        this.beginText('version', '');
        this.end(opaque, Shape.VERSION);
    }

    /** Asks for statistics. @throws Error for a group that would end the line */
    stat(opaque: number, group: string): void {
        if (hasControl(group)) throw new Error('invalid group of statistics: expected no control characters');
        this.beginText(group === '' ? 'stats' : 'stats ', group);
        this.end(opaque, Shape.STATS);
    }

    flush(opaque: number): void {
        this.beginText('flush_all', '');
        this.end(opaque, Shape.FLUSH);
    }

    /** Logs in by a classic `set`, for `-Y`. @throws Error for a user name with a space */
    login(opaque: number, { username, password }: Login): void {
        if (username.includes(' ')) throw new Error('invalid user name for the meta protocol: expected no space');
        this.beginText('set ', LOGIN_KEY);
        // A server without logins stores the password. It must expire at once.
        this.text(' 0 -1');
        const value = `${username} ${password}`;
        this.body(this.beginLength(value), value);
        this.expected.add(opaque, Shape.LOGIN);
    }

    private set(opaque: number, key: string, spec: StoreSpec, reply: StoreReply): void {
        this.begin(Command.SET, key);
        const lengthAt = this.beginLength(spec.value);
        if (spec.flagBits !== 0) {
            this.flag(Flag.NEW_CLIENT_FLAGS);
            this.number(spec.flagBits);
        }
        if (spec.expirySeconds !== 0) this.expiry(spec.expirySeconds);
        if (reply === 'cas') this.flag(Flag.CAS);
        this.opaque(opaque);
        this.body(lengthAt, spec.value);
        this.expected.add(opaque, Shape.STORED);
    }

    /** Starts a classic store up to the length of the value. Returns the position of the length. */
    private beginStore(command: string, key: string, spec: StoreSpec): number {
        this.beginText(command, key);
        this.space();
        this.number(spec.flagBits);
        this.space();
        this.seconds(spec.expirySeconds);
        return this.beginLength(spec.value);
    }

    /** Reads the CAS of the value that the same request has stored. */
    private readBack(opaque: number, key: string, value: string | Uint8Array): void {
        this.begin(Command.GET, key);
        this.flag(Flag.VALUE);
        this.flag(Flag.CAS);
        this.opaque(opaque);
        this.endLine();
        this.expected.addPair(opaque, copyOfSmall(value));
    }

    private beginGet(key: string): void {
        this.begin(Command.GET, key);
        this.flag(Flag.VALUE);
        this.flag(Flag.CLIENT_FLAGS);
        this.flag(Flag.CAS);
    }

    /** Starts a meta command. Its letters are numbers, because a text would cost more. */
    private begin(command: number, key: string): void {
        this.start = this.position;
        this.ensure(LINE_BYTES + key.length * 3);
        const b = this.buffer;
        const at = this.position;
        b[at] = command >>> 8;
        b[at + 1] = command;
        b[at + 2] = SPACE;
        this.position = at + 3;
        this.text(key);
    }

    /** Starts a classic command. */
    private beginText(command: string, key: string): void {
        this.start = this.position;
        this.ensure(LINE_BYTES + key.length * 3);
        this.text(command);
        this.text(key);
    }

    /** Writes the length of an ASCII value, which `body` corrects. Returns the position. */
    private beginLength(value: string | Uint8Array): number {
        this.space();
        const at = this.position - this.start;
        this.number(value.length);
        return at;
    }

    /** Ends the line, and writes the value. */
    private body(lengthAt: number, value: string | Uint8Array): void {
        this.lineEnd();
        const valueAt = this.position - this.start;
        const referenced = this.value(value);
        const bytes = referenced === null ? this.position - this.start - valueAt : referenced.length;
        if (bytes !== value.length) this.correctLength(lengthAt, value.length, bytes);
        if (referenced !== null) {
            this.finish(this.position - this.start + bytes, referenced);
            this.start = this.position;
        }
        this.ensure(2);
        this.endLine();
    }

    /** Replaces the number at `lengthAt`, and moves the bytes behind it. */
    private correctLength(lengthAt: number, from: number, to: number): void {
        const more = digitsOf(to) - digitsOf(from);
        this.ensure(more);
        const at = this.start + lengthAt;
        const behind = at + digitsOf(from);
        const end = this.position + more;
        if (more > 0) this.buffer.copyWithin(behind + more, behind, this.position);
        this.position = at;
        this.number(to);
        this.position = end;
    }

    private seconds(seconds: number): void {
        this.number(seconds < MAX_SECONDS ? seconds : MAX_SECONDS);
    }

    private uint64(high: number, low: number): void {
        if (high < EXACT_HIGH) this.number(high * 0x100000000 + low);
        else this.text(join64(high, low).toString());
    }

    /** Writes an integer below 2^53. */
    private number(n: number): void {
        const end = this.position + digitsOf(n);
        const b = this.buffer;
        let at = end;
        let rest = n;
        // V8 divides 32-bit integers faster than doubles.
        while (rest >= INTEGER_LIMIT) {
            const tenth = Math.floor(rest / 10);
            b[--at] = 0x30 + rest - tenth * 10;
            rest = tenth;
        }
        do {
            const tenth = (rest / 10) | 0;
            b[--at] = 0x30 + rest - tenth * 10;
            rest = tenth;
        } while (rest > 0);
        this.position = end;
    }

    private flag(letter: number): void {
        const b = this.buffer;
        const at = this.position;
        b[at] = SPACE;
        b[at + 1] = letter;
        this.position = at + 2;
    }

    private expiry(seconds: number): void {
        this.flag(Flag.EXPIRY);
        this.seconds(seconds);
    }

    private opaque(opaque: number): void {
        const b = this.buffer;
        const at = this.position;
        const token = tokenOf(opaque);
        b[at] = SPACE;
        b[at + 1] = Flag.OPAQUE;
        b[at + 2] = token >>> 8;
        b[at + 3] = token;
        this.position = at + 4;
    }

    private space(): void {
        this.buffer[this.position++] = SPACE;
    }

    private endWithOpaque(opaque: number, shape: number): void {
        this.opaque(opaque);
        this.end(opaque, shape);
    }

    private end(opaque: number, shape: number): void {
        this.endLine();
        this.expected.add(opaque, shape);
    }

    private endLine(): void {
        this.lineEnd();
        this.finish(this.position - this.start, null);
    }

    private lineEnd(): void {
        const b = this.buffer;
        const at = this.position;
        b[at] = CR;
        b[at + 1] = LF;
        this.position = at + 2;
    }
}

function digitsOf(n: number): number {
    if (n < 10) return 1;
    if (n < 100) return 2;
    if (n < 1000) return 3;
    let digits = 4;
    for (let power = 10_000; power <= n; power *= 10) digits++;
    return digits;
}

function hasControl(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20) return true;
    return false;
}

/** Returns a copy of a small buffer, because the caller may change it after the write. */
function copyOfSmall(value: string | Uint8Array): string | Uint8Array {
    return typeof value === 'string' || value.length >= BY_REFERENCE_BYTES ? value : Buffer.from(value);
}
