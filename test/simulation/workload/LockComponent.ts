import { ConfigParams } from 'pip-services4-components-node';
import type { RingServer } from '../../../src/client/cluster/ketama/HashRing';
import type { Lease } from '../../../src/lock/Lease';
import type { LockCounts } from '../../../src/lock/LockMetrics';
import { MemcachedLock } from '../../../src/lock/MemcachedLock';
import type { Entry } from '../schedule/Ledger';
import type { Step } from '../schedule/Plan';
import { Discovery } from './Discovery';
import { probeKeys } from './Homes';
import { Meter } from './Meter';
import { referencesTo } from './referencesTo';
import { withCallerSignal } from './callerSignal';
import { recover } from './recover';
import { userOf } from './ServerLists';
import type { Service } from './Service';
import { settingsOf } from './settings';
import type { Component, SimProcess } from './SimProcess';

type Verb = (step: Step, entry: Entry) => Promise<unknown>;

/** Number of lease checks during the work of `withLock`. */
const LEASE_CHECKS = 4;

/** Ignores CAS_DISABLED, which proves that the server answers. */
function ignoreCasDisabled(error: { readonly code?: string }): void {
    if (error.code !== 'CAS_DISABLED') throw error as Error;
}

/** Verbs of `MemcachedLock`. */
export class LockComponent implements Component {
    readonly name = 'lock';
    readonly prefix = 'lock:';
    readonly meter = new Meter();
    readonly discovery: Discovery | null;
    private readonly lock = new MemcachedLock();
    private readonly user: string;
    /** Unreleased leases by key. */
    private readonly leases = new Map<string, Lease[]>();
    /** Number of calls of `close`. */
    private closes = 0;

    private readonly verbs: Readonly<Record<string, Verb>> = {
        'open lock': () => this.lock.open(null),
        'close lock': () => {
            this.closes++;
            return this.lock.close(null);
        },
        tryAcquireLease: async ({ keys: [key], times: [ttl] }) =>
            this.keep(await this.lock.tryAcquireLease(null, key!, ttl)),
        acquireLease: async ({ keys: [key], times: [ttl, timeout] }, entry) =>
            this.keep(
                await withCallerSignal(this.process, entry, signal =>
                    this.lock.acquireLease(null, key!, ttl, timeout, { signal }),
                ),
            ),
        extendLease: async ({ keys: [key], times: [ttl] }) => {
            const lease = this.leases.get(key!)?.at(-1);
            return lease === undefined ? null : this.service.book.extend(this.process.name, lease, ttl);
        },
        releaseLease: async ({ keys: [key] }, entry) => {
            const lease = this.leases.get(key!)?.pop();
            if (lease === undefined) return null;
            entry.notes.set('token', lease.token);
            this.service.book.recordRelease(lease);
            await lease.release();
            return true;
        },
        withLock: ({ keys: [key], times: [ttl, timeout, workMs] }, entry) => {
            const { closes } = this;
            return withCallerSignal(this.process, entry, signal =>
                this.lock.withLock(null, key!, { ttl: ttl!, timeout: timeout!, signal }, (own, lease) => {
                    this.service.book.checkStart(this.process.name, lease, this.closes > closes);
                    return this.work(own, lease, workMs!);
                }),
            );
        },
        tryAcquireLock: ({ keys: [key], times: [ttl] }) => this.lock.tryAcquireLock(null, key!, ttl),
        acquireLock: ({ keys: [key], times: [ttl, timeout] }) => this.lock.acquireLock(null, key!, ttl, timeout),
        extendLock: ({ keys: [key], times: [ttl] }) => this.lock.extendLock(null, key!, ttl),
        releaseLock: ({ keys: [key] }) => this.lock.releaseLock(null, key!),
        'recover lock': () =>
            recover(
                this.process,
                this.service,
                async () => {
                    await this.lock.open(null);
                    this.discovery?.recordServers();
                    const servers = this.service.lists.last(this.user);
                    for (const key of probeKeys(servers, this.prefix)) {
                        await this.lock.acquireLock(null, key, 1000, 5000).catch(ignoreCasDisabled);
                        await this.lock.releaseLock(null, key);
                    }
                },
                () => this.lock.getStats().servers,
            ),
        'check lock': () => this.lock.checkHealth(null),
    };

    constructor(
        private readonly process: SimProcess,
        private readonly service: Service,
    ) {
        const { plan, servers } = service;
        this.user = userOf(process.name, this.name);
        this.discovery = Discovery.of(process, service, this.user, () => this.lock.getStats().servers);
        const own = { 'options.prefix': this.prefix, 'options.retry_timeout': plan.lock.retryTimeoutMs };
        this.lock.configure(ConfigParams.fromValue({ ...settingsOf(plan, servers, process.protocol), ...own }));
        this.lock.setReferences(referencesTo(this.meter, this.discovery));
    }

    get stats(): LockCounts {
        return this.lock.getStats();
    }

    follow(servers: readonly RingServer[]): void {
        this.discovery?.follow(servers);
    }

    verb(name: string): Verb | undefined {
        return this.verbs[name];
    }

    private keep(lease: Lease | null): string | null {
        if (lease === null) return null;
        this.service.book.recordPromise(this.process.name, lease);
        this.leases.set(lease.key, [...(this.leases.get(lease.key) ?? []), lease]);
        return lease.token;
    }

    private async work(signal: AbortSignal, lease: Lease, workMs: number): Promise<string> {
        try {
            for (let i = 0; i < LEASE_CHECKS && !signal.aborted; i++) {
                this.service.book.recordPromise(this.process.name, lease);
                await this.process.pause(Math.ceil(workMs / LEASE_CHECKS));
            }
            return signal.aborted ? 'aborted' : 'done';
        } finally {
            this.service.book.recordRelease(lease);
        }
    }
}
