import { DeleteManyCall, EvictManyCall, GetManyCall, SetManyCall, type BatchCall } from './calls/batchCalls';
import { BatchPart, type Chunk } from './BatchPart';
import type { Cluster } from './cluster/Cluster';
import { timedOut } from './model/errors';
import type { Item } from './model/Item';
import { limitSpec, type StoreSpec } from './model/StoreSpec';
import type { Reply } from './protocol/Protocol';
import type { MemcachedServer } from './server/MemcachedServer';
import type { Receipt, StoreAccount } from './model/StoreAccount';

/** The result of a verb on many keys. */
export interface BatchResult {
    /** The errors of the failed keys. */
    readonly failed: Map<string, Error>;
}

/** The result of `getMany`. */
export interface GetManyResult extends BatchResult {
    /** The items that exist. */
    readonly items: Map<string, Item>;
}

/** The limit of chunks that a batch encodes at a time. A chunk is one write and one answer. */
const CHUNKS_IN_FLIGHT = 4;

/** A verb on many keys, split by server and then into chunks. Errors go to `failed`, by key. */
export class KeyBatch {
    private readonly failed = new Map<string, Error>();
    /** The deadline of all chunks. 0 until the first chunk has a deadline. */
    private deadlineMs = 0;
    /** Whether an answer counts only if the server confirms the whole chunk. */
    private readonly isGuarded: boolean;

    constructor(
        private readonly keys: readonly string[],
        private readonly cluster: Cluster,
        private readonly isInternal: boolean,
    ) {
        const { namespaces } = cluster;
        this.isGuarded = !namespaces.isEmpty && keys.length > 0 && namespaces.has(keys[0]!);
    }

    async get<T>(found: Map<string, T>, read: (reply: Reply) => T): Promise<Map<string, Error>> {
        await this.perform(null, true, ({ keys, bytes }) => new GetManyCall(keys, bytes, found, read, this.failed));
        // A failed chunk may have found keys, and the first try of a chunk may have failed keys.
        if (this.failed.size > 0 && !this.isGuarded) for (const key of found.keys()) this.failed.delete(key);
        if (this.isGuarded) for (const key of this.failed.keys()) found.delete(key);
        return this.failed;
    }

    set(specs: readonly StoreSpec[], account: StoreAccount | null): Promise<BatchResult> {
        return this.perform(specs, false, chunk => new SetManyCall(chunk.keys, chunk.specs, this.failed, account));
    }

    evict(receipts: ReadonlyMap<string, Receipt>): Promise<BatchResult> {
        return this.perform(null, false, ({ keys }) => new EvictManyCall(keys, receipts, this.failed));
    }

    delete(): Promise<BatchResult> {
        return this.perform(null, false, ({ keys }) => new DeleteManyCall(keys, this.failed));
    }

    /** @param isRead whether the size of the values is unknown until the first answer */
    private async perform(
        specs: readonly StoreSpec[] | null,
        isRead: boolean,
        createCall: (chunk: Chunk) => BatchCall,
    ): Promise<BatchResult> {
        const parts = this.split(specs);
        await Promise.all(parts.map(([server, part]) => this.performPart(server, part, isRead, createCall)));
        return { failed: this.failed };
    }

    private async performPart(
        server: MemcachedServer,
        part: BatchPart,
        isRead: boolean,
        createCall: (chunk: Chunk) => BatchCall,
    ): Promise<void> {
        const performNext = async (): Promise<void> => {
            const chunk = part.next(isRead ? server.largeValues : null);
            const own = createCall(chunk);
            own.deadlineMs = this.deadlineMs;
            const call = this.isGuarded ? this.cluster.namespaces.guard(chunk.keys[0]!, own) : own;
            try {
                // A call without any time left would count as a fault of its channel.
                if (this.deadlineMs !== 0 && this.deadlineMs <= performance.now())
                    throw server.metrics.rejectBeforeSend(timedOut(server.address, server.requestTimeoutMs));
                await server.send(call, this.isInternal);
                part.recordAnswer(chunk, own.answeredBytes);
            } catch (error) {
                for (const key of chunk.keys) this.failed.set(key, error as Error);
            }
            this.deadlineMs ||= call.deadlineMs;
        };
        const performAll = async (): Promise<void> => {
            while (part.hasMore) await performNext();
        };
        if (isRead) await performNext();
        if (part.hasMore) await Promise.all(Array.from({ length: CHUNKS_IN_FLIGHT }, performAll));
    }

    private split(specs: readonly StoreSpec[] | null): (readonly [MemcachedServer, BatchPart])[] {
        const parts = new Map<MemcachedServer, BatchPart>();
        this.keys.forEach((key, i) => {
            const { server, expiryLimit } = this.cluster.placeFor(key, null)!;
            let part = parts.get(server);
            if (part === undefined) parts.set(server, (part = new BatchPart()));
            part.add(key, specs === null ? undefined : limitSpec(specs[i]!, expiryLimit));
        });
        if (!this.isGuarded) return [...parts];
        // One GET confirms a chunk, so its keys must share a token. After a change of servers, the
        // keys of a server may have different tokens.
        const headOf = (key: string): string => this.cluster.namespaces.headOf(key);
        return [...parts].flatMap(([server, part]) => part.splitBy(headOf).map(one => [server, one] as const));
    }
}
