import {
    DeleteManyCall,
    EvictManyCall,
    GetManyCall,
    SetManyCall,
    type BatchCall,
    type Chunk,
} from './calls/batchCalls';
import { BatchPart } from './BatchPart';
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

/** The answers to a read of many keys. */
export interface FoundValues<T> extends BatchResult {
    /** The values at the positions of their keys, undefined on a miss. */
    readonly found: readonly (T | undefined)[];
}

/** The result of `getMany`. */
export interface GetManyResult extends BatchResult {
    /** The items that exist, in the order of their keys. */
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
        readonly keys: readonly string[],
        private readonly cluster: Cluster,
        private readonly isInternal: boolean,
    ) {
        const { namespaces } = cluster;
        this.isGuarded = !namespaces.isEmpty && keys.length > 0 && namespaces.has(keys[0]!);
    }

    async get<T>(read: (reply: Reply) => T): Promise<FoundValues<T>> {
        const { keys, failed } = this;
        const found = new Array<T | undefined>(keys.length).fill(undefined);
        await this.perform(null, true, chunk => new GetManyCall(chunk, found, read, failed));
        if (failed.size === 0) return { found, failed };
        keys.forEach((key, i) => {
            // A failed chunk may have found keys, and the first try of a chunk may have failed keys.
            if (this.isGuarded && failed.has(key)) found[i] = undefined;
            else if (found[i] !== undefined) failed.delete(key);
        });
        return { found, failed };
    }

    /** @param specs the values, which get the expiry limits of their servers */
    set(specs: StoreSpec[], account: StoreAccount | null): Promise<BatchResult> {
        return this.perform(specs, false, ({ keys, positions }) => {
            const own = positions.map(position => specs[position]!);
            return new SetManyCall(keys, own, this.failed, account);
        });
    }

    evict(receipts: ReadonlyMap<string, Receipt>): Promise<BatchResult> {
        return this.perform(null, false, ({ keys }) => new EvictManyCall(keys, receipts, this.failed));
    }

    delete(): Promise<BatchResult> {
        return this.perform(null, false, ({ keys }) => new DeleteManyCall(keys, this.failed));
    }

    /** @param isRead whether the size of the values is unknown until the first answer */
    private async perform(
        specs: StoreSpec[] | null,
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

    private split(specs: StoreSpec[] | null): (readonly [MemcachedServer, BatchPart])[] {
        const parts = new Map<MemcachedServer, BatchPart>();
        this.keys.forEach((key, i) => {
            const { server, expiryLimit } = this.cluster.placeFor(key, null)!;
            let part = parts.get(server);
            if (part === undefined) parts.set(server, (part = new BatchPart(this.keys, specs)));
            part.add(i);
            if (specs !== null) specs[i] = limitSpec(specs[i]!, expiryLimit);
        });
        if (!this.isGuarded) return [...parts];
        // One GET confirms a chunk, so its keys must share a token. After a change of servers, the
        // keys of a server may have different tokens.
        const headOf = (key: string): string => this.cluster.namespaces.headOf(key);
        return [...parts].flatMap(([server, part]) => part.splitBy(headOf).map(one => [server, one] as const));
    }
}
