import { Outcome as Status } from '../../../src/client/protocol/Protocol';
import type { Command } from './Command';
import type { History, StoredItem } from './History';
import type { ServerClock } from './ServerClock';

/** memcached's default limit without its item header. */
const MAX_ITEM_BYTES = 1024 * 1024 - 48;
const NOTHING = Buffer.alloc(0);
const COUNTER_MODULUS = 2n ** 64n;

interface Entry extends StoredItem {
    readonly second: number;
}

/** Reply without its form on the wire. */
export interface Answer {
    readonly status: number;
    readonly cas: bigint;
    readonly value: Buffer;
    /** Flags of a read value, or -1 for a reply without flags. */
    readonly flags: number;
    /** New value of a counter, also if memory is missing for a new counter. */
    readonly count: bigint | null;
}

/** Items of one memcached, with the effects of each command, whatever the protocol. */
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

    /** Removes every item, and keeps the CAS. */
    flush(nowMs: number): void {
        this.expire(nowMs);
        for (const key of [...this.items.keys()]) this.drop(key, nowMs);
    }

    execute(command: Command, nowMs: number): Answer {
        switch (command.verb) {
            case 'get':
            case 'readBack':
                return this.found(command.key);
            case 'touch':
            case 'getAndTouch':
                return this.touch(command, nowMs);
            case 'set':
            case 'add':
            case 'replace':
            case 'cas':
                return this.store(command, nowMs);
            case 'append':
            case 'prepend':
                return this.concat(command, nowMs);
            case 'delete':
                return this.delete(command, nowMs);
            case 'increment':
            case 'decrement':
                return this.count(command, nowMs);
        }
    }

    private found(key: string): Answer {
        const item = this.items.get(key);
        if (item === undefined) return statusAnswer(Status.NOT_FOUND);
        const { cas, value, flags } = item;
        return { status: Status.OK, cas, value, flags, count: null };
    }

    private store(command: Command, nowMs: number): Answer {
        const { verb, key, value, flags, expiry } = command;
        const old = this.items.get(key);
        if (value.length > MAX_ITEM_BYTES || nowMs < this.fullUntilMs) {
            // A failed SET removes the old item.
            if (verb === 'set' && old !== undefined) this.drop(key, nowMs);
            return statusAnswer(value.length > MAX_ITEM_BYTES ? Status.TOO_LARGE : Status.OUT_OF_MEMORY);
        }
        const refusal = this.refusal(command, old);
        if (refusal !== Status.OK) return statusAnswer(refusal);
        const item = this.put(key, value, flags, this.clock.toSecond(expiry, nowMs), nowMs);
        return statusAnswer(Status.OK, item.cas);
    }

    /** Returns why the item prevents the store, or OK. */
    private refusal({ verb, cas }: Command, old: StoredItem | undefined): number {
        if (verb === 'add' && old !== undefined) return Status.EXISTS;
        // With `-C` memcached ignores the CAS of stores, but `cas` always fails.
        const compares = verb === 'cas' || (this.hasCas && cas !== 0n);
        if ((verb === 'replace' || compares) && old === undefined) return Status.NOT_FOUND;
        const isEqual = this.hasCas && old?.cas === cas;
        return compares && !isEqual ? Status.EXISTS : Status.OK;
    }

    private concat({ verb, key, value, cas }: Command, nowMs: number): Answer {
        const old = this.items.get(key);
        if (value.length > MAX_ITEM_BYTES) return statusAnswer(Status.TOO_LARGE);
        if (nowMs < this.fullUntilMs) return statusAnswer(Status.OUT_OF_MEMORY);
        if (old === undefined) return statusAnswer(Status.NOT_STORED);
        if (this.hasCas && cas !== 0n && old.cas !== cas) return statusAnswer(Status.EXISTS);
        const joined = Buffer.concat(verb === 'append' ? [old.value, value] : [value, old.value]);
        const item = this.put(key, joined, old.flags, old.second, nowMs);
        return statusAnswer(Status.OK, item.cas);
    }

    /** Deletes an item. With `-C` a delete with a CAS still fails. */
    private delete({ key, cas }: Command, nowMs: number): Answer {
        const old = this.items.get(key);
        if (old === undefined) return statusAnswer(Status.NOT_FOUND);
        if (cas !== 0n && old.cas !== cas) return statusAnswer(Status.EXISTS);
        this.drop(key, nowMs);
        return statusAnswer(Status.OK);
    }

    private count({ verb, key, delta, initial, expiry }: Command, nowMs: number): Answer {
        const old = this.items.get(key);
        const isFull = nowMs < this.fullUntilMs;
        if (old === undefined) {
            if (initial === null) return statusAnswer(Status.NOT_FOUND);
            if (isFull) return { ...statusAnswer(Status.OUT_OF_MEMORY), count: initial };
            const item = this.put(key, Buffer.from(`${initial}`), 0, this.clock.toSecond(expiry, nowMs), nowMs);
            return { ...statusAnswer(Status.OK, item.cas), count: initial };
        }
        const before = readCounter(old.value);
        if (before === null) return statusAnswer(Status.NOT_A_NUMBER);
        const raised = (before + delta) % COUNTER_MODULUS;
        const lowered = before > delta ? before - delta : 0n;
        const after = verb === 'increment' ? raised : lowered;
        const text = String(after);
        if (isFull && text.length > old.value.length) return statusAnswer(Status.OUT_OF_MEMORY);
        // memcached overwrites counters in place and pads shorter numbers with spaces.
        const item = this.put(key, Buffer.from(text.padEnd(old.value.length)), old.flags, old.second, nowMs);
        return { ...statusAnswer(Status.OK, item.cas), count: after };
    }

    private touch({ verb, key, expiry }: Command, nowMs: number): Answer {
        const old = this.items.get(key);
        if (old === undefined) return statusAnswer(Status.NOT_FOUND);
        const second = this.clock.toSecond(expiry, nowMs);
        this.items.set(key, { ...old, second });
        const answer = verb === 'touch' ? statusAnswer(Status.OK) : this.found(key);
        this.schedule(key, second, nowMs);
        return answer;
    }

    private put(key: string, value: Buffer, flags: number, second: number, nowMs: number): Entry {
        const item = { value, flags, cas: this.hasCas ? ++this.lastCas : 0n, second };
        this.items.set(key, item);
        this.history.change(key, nowMs, item);
        this.schedule(key, second, nowMs);
        return item;
    }

    /** Notes when the item expires, or removes it if that time is over. */
    private schedule(key: string, second: number, nowMs: number): void {
        if (second === Infinity) return;
        const diesMs = this.clock.momentOf(second);
        if (diesMs <= nowMs) this.drop(key, nowMs);
        else this.nextExpiryMs = Math.min(this.nextExpiryMs, diesMs);
    }

    private drop(key: string, atMs: number): void {
        this.items.delete(key);
        this.history.change(key, atMs, null);
    }
}

function statusAnswer(status: number, cas = 0n): Answer {
    return { status, cas, value: NOTHING, flags: -1, count: null };
}

/** Reads a counter as memcached does: with white space before, and anything after white space. */
function readCounter(value: Buffer): bigint | null {
    const [, digits] = /^\s*\+?(\d+)(?:\s|$)/.exec(value.toString('latin1')) ?? [];
    const count = digits === undefined ? COUNTER_MODULUS : BigInt(digits);
    return count < COUNTER_MODULUS ? count : null;
}
