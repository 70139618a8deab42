/** Where a server keeps the token of the cache, with `options.clear`. */
export const TOKEN_KEY = 'c:#namespace';

/** What a server has under a key. */
export interface StoredItem {
    readonly value: Buffer;
    readonly flags: number;
    readonly cas: bigint;
}

/** What a key held from one moment to another. */
export interface KeyState {
    readonly fromMs: number;
    toMs: number;
    readonly item: StoredItem | null;
}

/** A request that a server has carried out. */
export interface Execution {
    readonly atMs: number;
    readonly server: string;
    readonly process: string;
    readonly opcode: number;
    readonly key: string;
    readonly status: number;
    /** That was sent, or in a counter's place its amount. */
    readonly sent: Buffer;
    readonly requestCas: bigint;
    readonly before: StoredItem | null;
    readonly after: StoredItem | null;
    /** The token of the cache that the server held then. */
    readonly token: string | null;
    /** The expiry that was asked for, in seconds; null where there is none. */
    readonly expiry: number | null;
}

/** Everything that has ever been true of one server: what the checks compare answers with. */
export class History {
    readonly executions: Execution[] = [];
    /** When the server lost its memory. */
    readonly losses: number[] = [];
    private readonly states = new Map<string, KeyState[]>();

    constructor(readonly server: string) {}

    change(key: string, atMs: number, item: StoredItem | null): void {
        let states = this.states.get(key);
        if (states === undefined) this.states.set(key, (states = [{ fromMs: 0, toMs: Infinity, item: null }]));
        states[states.length - 1]!.toMs = atMs;
        states.push({ fromMs: atMs, toMs: Infinity, item });
    }

    /** What the key held at some moment between these two. */
    between(key: string, fromMs: number, toMs: number): KeyState[] {
        const states = this.states.get(key);
        if (states === undefined) return [{ fromMs: 0, toMs: Infinity, item: null }];
        return states.filter(state => state.fromMs <= toMs && state.toMs >= fromMs);
    }

    keys(): Iterable<string> {
        return this.states.keys();
    }
}
