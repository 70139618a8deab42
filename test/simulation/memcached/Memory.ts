import { Opcode } from '../../../src/client/protocol/binary/constants';
import { Outcome as Status } from '../../../src/client/protocol/Protocol';
import type { History, StoredItem } from './History';
import type { ServerClock } from './ServerClock';
import type { Request } from './Request';

/** memcached's default limit without its item header. */
const MAX_ITEM_BYTES = 1024 * 1024 - 48;
const NO_CREATE = 0xffffffff;
const NOTHING = Buffer.alloc(0);
const COUNTER_MODULUS = 2n ** 64n;

interface Entry extends StoredItem {
    readonly second: number;
}

/** Reply without its frame. */
export interface Answer {
    readonly status: number;
    readonly cas: bigint;
    readonly value: Buffer;
    /** Flags of a read value, or -1 for a reply without flags. */
    readonly flags: number;
}

/** Items of one memcached, with the effects of each command. */
export class Memory {
    private readonly items = new Map<string, Entry>();
    private lastCas = 0n;
    /** Time until which every store fails with OUT_OF_MEMORY. */
    fullUntilMs = 0;
    private nextExpiryMs = Infinity;

    constructor(
        private readonly clock: ServerClock,
        private readonly history: History,
        private readonly hasCas: boolean,
    ) {}

    /** Removes expired items. An item expires without a request. */
    expire(nowMs: number): void {
        if (nowMs < this.nextExpiryMs) return;
        this.nextExpiryMs = Infinity;
        for (const [key, { second }] of this.items) {
            const diesMs = second === Infinity ? Infinity : this.clock.momentOf(second);
            if (diesMs <= nowMs) this.drop(key, diesMs);
            else this.nextExpiryMs = Math.min(this.nextExpiryMs, diesMs);
        }
    }

    /** Recomputes the next expiry after a clock skip. */
    recomputeExpiry(): void {
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
                return statusAnswer(Status.UNKNOWN_COMMAND);
        }
    }

    private found(key: string): Answer {
        const item = this.items.get(key);
        if (item === undefined) return statusAnswer(Status.NOT_FOUND);
        return { status: Status.OK, cas: item.cas, value: item.value, flags: item.flags };
    }

    private store(request: Request, nowMs: number): Answer {
        const { opcode, key, value, flags, expiry } = request;
        const cas = this.compared(request);
        const old = this.items.get(key);
        const isSet = opcode === Opcode.SET || opcode === Opcode.SETQ;
        if (value.length > MAX_ITEM_BYTES || nowMs < this.fullUntilMs) {
            // A failed SET removes the old item.
            if (isSet && old !== undefined) this.drop(key, nowMs);
            return statusAnswer(value.length > MAX_ITEM_BYTES ? Status.TOO_LARGE : Status.OUT_OF_MEMORY);
        }
        if (opcode === Opcode.ADD && old !== undefined) return statusAnswer(Status.EXISTS);
        if ((opcode === Opcode.REPLACE || cas !== 0n) && old === undefined) return statusAnswer(Status.NOT_FOUND);
        if (cas !== 0n && old!.cas !== cas) return statusAnswer(Status.EXISTS);
        const item = this.put(key, value, flags, this.clock.toSecond(expiry, nowMs), nowMs);
        return statusAnswer(Status.OK, item.cas);
    }

    private concat(request: Request, nowMs: number): Answer {
        const { opcode, key, value } = request;
        const cas = this.compared(request);
        const old = this.items.get(key);
        if (old === undefined) return statusAnswer(Status.NOT_STORED);
        if (nowMs < this.fullUntilMs) return statusAnswer(Status.OUT_OF_MEMORY);
        if (cas !== 0n && old.cas !== cas) return statusAnswer(Status.EXISTS);
        const joined = Buffer.concat(opcode === Opcode.APPEND ? [old.value, value] : [value, old.value]);
        const item = this.put(key, joined, old.flags, old.second, nowMs);
        return statusAnswer(Status.OK, item.cas);
    }

    private delete({ key, cas }: Request, nowMs: number): Answer {
        const old = this.items.get(key);
        if (old === undefined) return statusAnswer(Status.NOT_FOUND);
        if (cas !== 0n && old.cas !== cas) return statusAnswer(Status.EXISTS);
        this.drop(key, nowMs);
        return statusAnswer(Status.OK);
    }

    private count({ opcode, key, delta, initial, expiry }: Request, nowMs: number): Answer {
        const old = this.items.get(key);
        if (nowMs < this.fullUntilMs) return statusAnswer(Status.OUT_OF_MEMORY);
        if (old === undefined) {
            if (expiry === NO_CREATE) return statusAnswer(Status.NOT_FOUND);
            const item = this.put(key, Buffer.from(`${initial}`), 0, this.clock.toSecond(expiry, nowMs), nowMs);
            return counterAnswer(initial, item.cas);
        }
        const text = old.value.toString('latin1').trimEnd();
        if (!/^\d{1,20}$/.test(text)) return statusAnswer(Status.NOT_A_NUMBER);
        const before = BigInt(text);
        const raised = (before + delta) % COUNTER_MODULUS;
        const lowered = before > delta ? before - delta : 0n;
        const after = opcode === Opcode.INCREMENT ? raised : lowered;
        // memcached overwrites counters in place and pads shorter numbers with spaces.
        const item = this.put(key, Buffer.from(`${after}`.padEnd(old.value.length)), old.flags, old.second, nowMs);
        return counterAnswer(after, item.cas);
    }

    private touch({ opcode, key, expiry }: Request, nowMs: number): Answer {
        const old = this.items.get(key);
        if (old === undefined) return statusAnswer(Status.NOT_FOUND);
        this.items.set(key, { ...old, second: this.clock.toSecond(expiry, nowMs) });
        this.nextExpiryMs = 0;
        return opcode === Opcode.GAT ? this.found(key) : statusAnswer(Status.OK);
    }

    private put(key: string, value: Buffer, flags: number, second: number, nowMs: number): Entry {
        const item = { value, flags, cas: this.hasCas ? ++this.lastCas : 0n, second };
        this.items.set(key, item);
        this.history.change(key, nowMs, item);
        this.nextExpiryMs = Math.min(this.nextExpiryMs, second === Infinity ? Infinity : this.clock.momentOf(second));
        return item;
    }

    private drop(key: string, atMs: number): void {
        this.items.delete(key);
        this.history.change(key, atMs, null);
    }

    /**
     * Returns the CAS to compare. With `-C` memcached ignores the CAS of stores, but a delete with
     * a CAS still fails.
     */
    private compared({ cas }: Request): bigint {
        return this.hasCas ? cas : 0n;
    }
}

function statusAnswer(status: number, cas = 0n): Answer {
    return { status, cas, value: NOTHING, flags: -1 };
}

function counterAnswer(count: bigint, cas: bigint): Answer {
    const value = Buffer.alloc(8);
    value.writeBigUInt64BE(count);
    return { status: Status.OK, cas, value, flags: -1 };
}
