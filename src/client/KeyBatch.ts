import { DeleteManyCall, GetManyCall, SetManyCall } from './batchCalls';
import type { Call } from './Call';
import { timedOut } from './errors';
import type { Item } from './Item';
import type { Reply } from './Reply';
import type { StoreSpec } from './storeCalls';
import type { MemcachedServer } from './MemcachedServer';

/** What became of a batch. */
export interface BatchResult {
    readonly failed: Map<string, Error>;
}

/** What was found of many keys. */
export interface GetManyResult extends BatchResult {
    readonly items: Map<string, Item>;
}

/** A chunk is one write and one answer. However large a batch is, only so much of it is encoded at a time. */
const CHUNK_KEYS = 1000;
const CHUNK_BYTES = 256 * 1024;
const CHUNKS_IN_FLIGHT = 4;

/** A verb on many keys: split by server, and per server into chunks. It never rejects: what failed is said key by key. */
export class KeyBatch {
    private readonly failed = new Map<string, Error>();
    /** That of the first chunks, and of all others; 0 until one has got it. */
    private deadlineMs = 0;

    constructor(
        private readonly keys: readonly string[],
        private readonly serverOf: (key: string) => MemcachedServer,
    ) {}

    /** What was found goes into `found`, as `read` reads it. */
    async get<T>(found: Map<string, T>, read: (reply: Reply) => T): Promise<Map<string, Error>> {
        await this.perform(null, keys => new GetManyCall(keys, found, read, this.failed));
        // A chunk that failed may have been answered in part, and one that was tried again may have failed in part before.
        if (this.failed.size > 0) for (const key of found.keys()) this.failed.delete(key);
        return this.failed;
    }

    async set(specs: readonly StoreSpec[]): Promise<BatchResult> {
        await this.perform(specs, (keys, chunk) => new SetManyCall(keys, chunk, this.failed));
        return { failed: this.failed };
    }

    async delete(): Promise<BatchResult> {
        await this.perform(null, keys => new DeleteManyCall(keys, this.failed));
        return { failed: this.failed };
    }

    private async perform(
        specs: readonly StoreSpec[] | null,
        make: (keys: readonly string[], specs: readonly StoreSpec[]) => Call<void>,
    ): Promise<void> {
        const parts = this.split(specs);
        await Promise.all([...parts].map(([server, part]) => this.performPart(server, part, make)));
    }

    private async performPart(
        server: MemcachedServer,
        part: Part,
        make: (keys: readonly string[], specs: readonly StoreSpec[]) => Call<void>,
    ): Promise<void> {
        let from = 0;
        const work = async (): Promise<void> => {
            while (from < part.keys.length) {
                const to = chunkEnd(part, from);
                const keys = part.keys.slice(from, to);
                const call = make(keys, part.specs.slice(from, to));
                from = to;
                call.deadlineMs = this.deadlineMs;
                // Sent without any time left it would be the fault of a channel that has none.
                if (this.isLate) call.fail(server.counts.declined(timedOut(server.address, server.requestTimeoutMs)));
                else server.enqueue(call);
                try {
                    await call.promise;
                } catch (error) {
                    for (const key of keys) this.failed.set(key, error as Error);
                }
                this.deadlineMs ||= call.deadlineMs;
            }
        };
        // Who finds nothing left to do is done at once.
        await Promise.all(Array.from({ length: CHUNKS_IN_FLIGHT }, work));
    }

    private get isLate(): boolean {
        return this.deadlineMs !== 0 && this.deadlineMs <= performance.now();
    }

    private split(specs: readonly StoreSpec[] | null): Map<MemcachedServer, Part> {
        const parts = new Map<MemcachedServer, Part>();
        this.keys.forEach((key, i) => {
            const server = this.serverOf(key);
            let part = parts.get(server);
            if (part === undefined) parts.set(server, (part = { keys: [], specs: [] }));
            part.keys.push(key);
            if (specs !== null) part.specs.push(specs[i]!);
        });
        return parts;
    }
}

interface Part {
    readonly keys: string[];
    readonly specs: StoreSpec[];
}

function chunkEnd({ keys, specs }: Part, from: number): number {
    const most = Math.min(keys.length, from + CHUNK_KEYS);
    if (specs.length === 0) return most;
    let bytes = 0;
    let to = from;
    while (to < most && bytes < CHUNK_BYTES) bytes += specs[to++]!.value.length;
    return to;
}
