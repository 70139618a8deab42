import { DeleteManyCall, EvictManyCall, GetManyCall, SetManyCall, type BatchCall } from './calls/batchCalls';
import { BatchPart, type Chunk } from './BatchPart';
import { timedOut } from './model/errors';
import type { Item } from './model/Item';
import type { Namespaces } from './cluster/Namespaces';
import type { BinaryReply } from './protocol/binary/BinaryReply';
import type { StoreSpec } from './calls/storeCalls';
import type { MemcachedServer } from './server/MemcachedServer';
import type { Receipt, StoreAccount } from './model/StoreAccount';

/** What became of a batch. */
export interface BatchResult {
    readonly failed: Map<string, Error>;
}

/** What was found of many keys. */
export interface GetManyResult extends BatchResult {
    readonly items: Map<string, Item>;
}

/** A chunk is one write and one answer. However large a batch is, only so much of it is encoded at a time. */
const CHUNKS_IN_FLIGHT = 4;

/** A verb on many keys: split by server, and per server into chunks. It never rejects: what failed is said key by key. */
export class KeyBatch {
    private readonly failed = new Map<string, Error>();
    /** That of the first chunks, and of all others; 0 until one has got it. */
    private deadlineMs = 0;
    /** What a chunk has answered counts only if the whole chunk is confirmed. */
    private readonly isGuarded: boolean;

    constructor(
        private readonly keys: readonly string[],
        private readonly serverOf: (key: string) => MemcachedServer,
        private readonly namespaces: Namespaces,
    ) {
        this.isGuarded = !namespaces.isEmpty && keys.length > 0 && namespaces.has(keys[0]!);
    }

    /** What was found goes into `found`, as `read` reads it. */
    async get<T>(found: Map<string, T>, read: (reply: BinaryReply) => T): Promise<Map<string, Error>> {
        await this.perform(null, true, ({ keys, bytes }) => new GetManyCall(keys, bytes, found, read, this.failed));
        // A chunk that failed may have been answered in part, and one that was tried again may have failed in part before.
        if (this.failed.size > 0 && !this.isGuarded) for (const key of found.keys()) this.failed.delete(key);
        if (this.isGuarded) for (const key of this.failed.keys()) found.delete(key);
        return this.failed;
    }

    async set(specs: readonly StoreSpec[], account: StoreAccount | null): Promise<BatchResult> {
        await this.perform(specs, false, chunk => new SetManyCall(chunk.keys, chunk.specs, this.failed, account));
        return { failed: this.failed };
    }

    evict(receipts: ReadonlyMap<string, Receipt>): Promise<void> {
        return this.perform(null, false, ({ keys }) => new EvictManyCall(keys, receipts, this.failed));
    }

    async delete(): Promise<BatchResult> {
        await this.perform(null, false, ({ keys }) => new DeleteManyCall(keys, this.failed));
        return { failed: this.failed };
    }

    /** @param isRead the size of the values is unknown until the first chunk is answered */
    private async perform(
        specs: readonly StoreSpec[] | null,
        isRead: boolean,
        make: (chunk: Chunk) => BatchCall,
    ): Promise<void> {
        const parts = this.split(specs);
        await Promise.all([...parts].map(([server, part]) => this.performPart(server, part, isRead, make)));
    }

    private async performPart(
        server: MemcachedServer,
        part: BatchPart,
        isRead: boolean,
        make: (chunk: Chunk) => BatchCall,
    ): Promise<void> {
        const workNext = async (): Promise<void> => {
            const chunk = part.next(isRead ? server.largeValues : null);
            const own = make(chunk);
            own.deadlineMs = this.deadlineMs;
            const call = this.isGuarded ? this.namespaces.guard(chunk.keys[0]!, own) : own;
            try {
                // A call without any time left would count as a fault of its channel.
                if (this.isLate)
                    throw server.metrics.rejectBeforeSend(timedOut(server.address, server.requestTimeoutMs));
                await server.send(call);
                part.recordAnswer(chunk, own.answeredBytes);
            } catch (error) {
                for (const key of chunk.keys) this.failed.set(key, error as Error);
            }
            this.deadlineMs ||= call.deadlineMs;
        };
        const work = async (): Promise<void> => {
            while (part.hasMore) await workNext();
        };
        if (isRead) await workNext();
        // Those that find nothing left are done at once.
        if (part.hasMore) await Promise.all(Array.from({ length: CHUNKS_IN_FLIGHT }, work));
    }

    private get isLate(): boolean {
        return this.deadlineMs !== 0 && this.deadlineMs <= performance.now();
    }

    private split(specs: readonly StoreSpec[] | null): Map<MemcachedServer, BatchPart> {
        const parts = new Map<MemcachedServer, BatchPart>();
        this.keys.forEach((key, i) => {
            const server = this.serverOf(key);
            let part = parts.get(server);
            if (part === undefined) parts.set(server, (part = new BatchPart()));
            part.keys.push(key);
            if (specs !== null) part.specs.push(specs[i]!);
        });
        return parts;
    }
}
