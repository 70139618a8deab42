import type { Verb } from './Command';

/** Key of the cache token on each server, with `options.clear`. */
export const TOKEN_KEY = 'c:#namespace';

/** Item that a server stores under a key. */
export interface StoredItem {
    readonly value: Buffer;
    readonly flags: number;
    readonly cas: bigint;
}

/** State of a key during an interval. */
export interface KeyState {
    readonly fromMs: number;
    toMs: number;
    readonly item: StoredItem | null;
}

/** Request that a server has executed. */
export interface Execution {
    readonly atMs: number;
    readonly server: string;
    readonly process: string;
    readonly verb: Verb;
    readonly key: string;
    readonly status: number;
    /** Value of the request, or the delta of a counter command. */
    readonly sent: Buffer;
    readonly requestCas: bigint;
    readonly before: StoredItem | null;
    readonly after: StoredItem | null;
    /** Cache token on the server at that time. */
    readonly token: string | null;
    /** Requested expiry in seconds. */
    readonly expiry: number;
}

/** Record of every request to one server and of every state of its keys. */
export class History {
    readonly executions: Execution[] = [];
    /** Times at which the server loses its memory. */
    readonly losses: number[] = [];
    private readonly states = new Map<string, KeyState[]>();

    constructor(readonly server: string) {}

    change(key: string, atMs: number, item: StoredItem | null): void {
        let states = this.states.get(key);
        if (states === undefined) this.states.set(key, (states = [{ fromMs: 0, toMs: Infinity, item: null }]));
        states[states.length - 1]!.toMs = atMs;
        states.push({ fromMs: atMs, toMs: Infinity, item });
    }

    /** Returns every state of the key in this interval. */
    between(key: string, fromMs: number, toMs: number): KeyState[] {
        const states = this.states.get(key);
        if (states === undefined) return [{ fromMs: 0, toMs: Infinity, item: null }];
        return states.filter(state => state.fromMs <= toMs && state.toMs >= fromMs);
    }

    keys(): Iterable<string> {
        return this.states.keys();
    }
}
