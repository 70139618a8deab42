import { Opcode } from '../../../src/client/protocol/binary/constants';
import { Outcome as Status } from '../../../src/client/protocol/Protocol';
import type { History, StoredItem } from './History';
import type { ServerClock } from './ServerClock';
import type { Request } from './Request';

/** memcached's default, less its own header. */
const MOST_ITEM_BYTES = 1024 * 1024 - 48;
const NO_CREATE = 0xffffffff;
const NOTHING = Buffer.alloc(0);
const MOST_COUNT = 2n ** 64n;

interface Entry extends StoredItem {
    readonly second: number;
}

/** A reply, without the frame around it. */
export interface Answer {
    readonly status: number;
    readonly cas: bigint;
    readonly value: Buffer;
    /** Flags of a value that was read; -1: the reply has no flags. */
    readonly flags: number;
}

/** What memcached's verbs do to its items. */
export class Memory {
    private readonly items = new Map<string, Entry>();
    private lastCas = 0n;
    /** Until then there is no memory for anything. */
    fullUntilMs = 0;
    private nextExpiryMs = Infinity;

    constructor(
        private readonly clock: ServerClock,
        private readonly history: History,
        private readonly hasCas: boolean,
    ) {}

    /** Items expire when the clock shows their second, also without a request. */
    expire(nowMs: number): void {
        if (nowMs < this.nextExpiryMs) return;
        this.nextExpiryMs = Infinity;
        for (const [key, { second }] of this.items) {
            const diesMs = second === Infinity ? Infinity : this.clock.momentOf(second);
            if (diesMs <= nowMs) this.drop(key, diesMs);
            else this.nextExpiryMs = Math.min(this.nextExpiryMs, diesMs);
        }
    }

    /** The clock has skipped a second. */
    reckonAgain(): void {
        this.nextExpiryMs = 0;
    }

    evict(key: string, nowMs: number): void {
        this.expire(nowMs);
        if (this.items.has(key)) this.drop(key, nowMs);
    }

    lose(nowMs: number): void {
        this.expire(nowMs);
        for (const key of [...this.items.keys()]) this.drop(key, nowMs);
        this.history.losses.push(nowMs);
    }

    get(key: string): StoredItem | null {
        return this.items.get(key) ?? null;
    }

    answer(request: Request, nowMs: number): Answer {
        switch (request.opcode) {
            case Opcode.GET:
            case Opcode.GETQ:
                return this.found(request.key);
            case Opcode.SET:
            case Opcode.SETQ:
            case Opcode.ADD:
            case Opcode.REPLACE:
                return this.store(request, nowMs);
            case Opcode.APPEND:
            case Opcode.PREPEND:
                return this.concat(request, nowMs);
            case Opcode.DELETE:
            case Opcode.DELETEQ:
                return this.delete(request, nowMs);
            case Opcode.INCREMENT:
            case Opcode.DECREMENT:
                return this.count(request, nowMs);
            case Opcode.TOUCH:
            case Opcode.GAT:
                return this.touch(request, nowMs);
            default:
                return said(Status.UNKNOWN_COMMAND);
        }
    }

    private found(key: string): Answer {
        const item = this.items.get(key);
        if (item === undefined) return said(Status.NOT_FOUND);
        return { status: Status.OK, cas: this.shown(item.cas), value: item.value, flags: item.flags };
    }

    private store({ opcode, key, cas, value, flags, expiry }: Request, nowMs: number): Answer {
        const old = this.items.get(key);
        const isSet = opcode === Opcode.SET || opcode === Opcode.SETQ;
        if (value.length > MOST_ITEM_BYTES || nowMs < this.fullUntilMs) {
            // What a failed SET would have replaced is gone.
            if (isSet && old !== undefined) this.drop(key, nowMs);
            return said(value.length > MOST_ITEM_BYTES ? Status.TOO_LARGE : Status.OUT_OF_MEMORY);
        }
        if (opcode === Opcode.ADD && old !== undefined) return said(Status.EXISTS);
        if ((opcode === Opcode.REPLACE || cas !== 0n) && old === undefined) return said(Status.NOT_FOUND);
        if (cas !== 0n && this.shown(old!.cas) !== cas) return said(Status.EXISTS);
        const item = this.put(key, value, flags, this.clock.toSecond(expiry, nowMs), nowMs);
        return said(Status.OK, this.shown(item.cas));
    }

    private concat({ opcode, key, cas, value }: Request, nowMs: number): Answer {
        const old = this.items.get(key);
        if (old === undefined) return said(Status.NOT_STORED);
        if (nowMs < this.fullUntilMs) return said(Status.OUT_OF_MEMORY);
        if (cas !== 0n && this.shown(old.cas) !== cas) return said(Status.EXISTS);
        const joined = Buffer.concat(opcode === Opcode.APPEND ? [old.value, value] : [value, old.value]);
        const item = this.put(key, joined, old.flags, old.second, nowMs);
        return said(Status.OK, this.shown(item.cas));
    }

    private delete({ key, cas }: Request, nowMs: number): Answer {
        const old = this.items.get(key);
        if (old === undefined) return said(Status.NOT_FOUND);
        if (cas !== 0n && this.shown(old.cas) !== cas) return said(Status.EXISTS);
        this.drop(key, nowMs);
        return said(Status.OK);
    }

    private count({ opcode, key, delta, initial, expiry }: Request, nowMs: number): Answer {
        const old = this.items.get(key);
        if (nowMs < this.fullUntilMs) return said(Status.OUT_OF_MEMORY);
        if (old === undefined) {
            if (expiry === NO_CREATE) return said(Status.NOT_FOUND);
            const item = this.put(key, Buffer.from(`${initial}`), 0, this.clock.toSecond(expiry, nowMs), nowMs);
            return counted(initial, this.shown(item.cas));
        }
        const text = old.value.toString('latin1').trimEnd();
        if (!/^\d{1,20}$/.test(text)) return said(Status.NOT_A_NUMBER);
        const before = BigInt(text);
        const raised = (before + delta) % MOST_COUNT;
        const lowered = before > delta ? before - delta : 0n;
        const after = opcode === Opcode.INCREMENT ? raised : lowered;
        // In place: what is shorter than before is filled up with spaces.
        const item = this.put(key, Buffer.from(`${after}`.padEnd(old.value.length)), old.flags, old.second, nowMs);
        return counted(after, this.shown(item.cas));
    }

    private touch({ opcode, key, expiry }: Request, nowMs: number): Answer {
        const old = this.items.get(key);
        if (old === undefined) return said(Status.NOT_FOUND);
        this.items.set(key, { ...old, second: this.clock.toSecond(expiry, nowMs) });
        this.nextExpiryMs = 0;
        return opcode === Opcode.GAT ? this.found(key) : said(Status.OK);
    }

    private put(key: string, value: Buffer, flags: number, second: number, nowMs: number): Entry {
        const item = { value, flags, cas: ++this.lastCas, second };
        this.items.set(key, item);
        this.history.change(key, nowMs, item);
        this.nextExpiryMs = Math.min(this.nextExpiryMs, second === Infinity ? Infinity : this.clock.momentOf(second));
        return item;
    }

    private drop(key: string, atMs: number): void {
        this.items.delete(key);
        this.history.change(key, atMs, null);
    }

    private shown(cas: bigint): bigint {
        return this.hasCas ? cas : 0n;
    }
}

function said(status: number, cas = 0n): Answer {
    return { status, cas, value: NOTHING, flags: -1 };
}

function counted(count: bigint, cas: bigint): Answer {
    const value = Buffer.alloc(8);
    value.writeBigUInt64BE(count);
    return { status: Status.OK, cas, value, flags: -1 };
}
