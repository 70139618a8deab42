import type { RingServer } from '../../../src/client/cluster/ketama/HashRing';
import { MemcachedClient } from '../../../src/client/MemcachedClient';
import type { MemcachedServer } from '../../../src/client/server/MemcachedServer';
import type { Entry } from '../schedule/Ledger';
import type { Step } from '../schedule/Plan';
import { probeKeys } from './Homes';
import { recover } from './recover';
import { userOf } from './ServerLists';
import type { Service } from './Service';
import type { Component, SimProcess } from './SimProcess';
import { valueOf } from './values';

type Verb = (step: Step, entry: Entry) => Promise<unknown>;

interface Seen {
    readonly cas: bigint;
    readonly epoch: number;
    readonly value: string;
}

const NEVER_SEEN: Seen = { cas: 1n, epoch: 0, value: '' };

/** Verbs of `MemcachedClient`. */
export class ClientComponent implements Component {
    readonly name = 'client';
    readonly prefix = '';
    readonly discovery = null;
    readonly client: MemcachedClient;
    /** Every server of all lists of the client. */
    readonly everyServer = new Set<MemcachedServer>();
    private servers: readonly RingServer[];
    /** Last item that this process has read or stored under each key, for CAS calls. */
    private readonly seen = new Map<string, Seen>();

    private readonly verbs: Readonly<Record<string, Verb>> = {
        'open client': () => this.client.open(),
        'close client': () => this.client.close(),
        get: ({ keys: [key] }) => this.client.get(key!),
        getText: ({ keys: [key] }) => this.client.getText(key!),
        getAndDelete: ({ keys: [key] }) => this.client.getAndDelete(key!),
        getAndTouch: ({ keys: [key], times: [seconds] }) => this.client.getAndTouch(key!, seconds),
        touch: ({ keys: [key], times: [seconds] }) => this.client.touch(key!, seconds),
        gets: async ({ keys: [key] }) => {
            const { epoch } = this.client.server(key!);
            const item = await this.client.gets(key!);
            if (item.value !== null) this.see(key!, { cas: item.cas, epoch, value: item.value.toString() });
            return item;
        },
        set: step => this.client.set(step.keys[0]!, valueOf(step), expiring(step)),
        add: step => this.client.add(step.keys[0]!, valueOf(step), expiring(step)),
        replace: step => this.client.replace(step.keys[0]!, valueOf(step), expiring(step)),
        delete: ({ keys: [key] }) => this.client.delete(key!),
        append: step => this.client.append(step.keys[0]!, valueOf(step)),
        prepend: step => this.client.prepend(step.keys[0]!, valueOf(step)),
        increment: ({ keys: [key], amount }) => this.client.increment(key!, amount, { initial: 0 }),
        decrement: ({ keys: [key], amount }) => this.client.decrement(key!, amount, { initial: null }),
        getMany: ({ keys }) => this.client.getMany(keys),
        setMany: step =>
            this.client.setMany(
                step.keys.map((key, i) => [key, valueOf(step, i)]),
                expiring(step),
            ),
        deleteMany: ({ keys }) => this.client.deleteMany(keys),
        casAdd: async step => {
            const [key] = step.keys;
            const { epoch } = this.client.server(key!);
            const cas = await this.client.casAdd(key!, valueOf(step), expiring(step));
            if (cas !== null) this.see(key!, { cas, epoch, value: valueOf(step) });
            return cas;
        },
        casSet: async (step, entry) => {
            const [key] = step.keys;
            // Servers with `-C` assign no CAS.
            if (!this.service.plan.hasCas) return null;
            const { cas, epoch } = this.compared(key!, entry);
            return this.client.casSet(key!, valueOf(step), cas, { ...expiring(step), epoch });
        },
        casDelete: async (step, entry) => {
            const [key] = step.keys;
            // Servers with `-C` assign no CAS.
            if (!this.service.plan.hasCas) return null;
            const { cas, epoch } = this.compared(key!, entry);
            return this.client.casDelete(key!, cas, { epoch });
        },
        'change servers': ({ times }) => {
            const members = times.flatMap((server, i) => (i % 2 === 0 ? [{ server, weight: times[i + 1]! }] : []));
            this.follow(this.service.toServers(members));
            return Promise.resolve();
        },
        noop: () => this.client.noop(),
        version: () => this.client.version(),
        stats: () => this.client.stats(),
        'recover client': () =>
            recover(
                this.process,
                this.service,
                async () => {
                    await this.client.open();
                    for (const key of probeKeys(this.servers, '')) await this.client.get(key);
                },
                () => this.client.getStats(),
            ),
        checkHealth: () => this.client.checkHealth(),
    };

    constructor(
        private readonly process: SimProcess,
        private readonly service: Service,
    ) {
        const { lists, plan } = service;
        this.servers = lists.first;
        this.client = new MemcachedClient(service.toAddresses(lists.first), {
            ...plan.client,
            failover: plan.lists.failover,
            protocol: process.protocol,
        });
        this.remember();
    }

    /** Applies a new list. The client must reject an empty list and keep the current list. */
    follow(servers: readonly RingServer[]): void {
        const { process, service } = this;
        try {
            this.client.update(service.toAddresses(servers));
        } catch (error) {
            if (servers.length > 0) throw error;
            return;
        }
        if (servers.length === 0) service.lists.violations.push(`${process.name} has accepted a list without servers`);
        this.servers = servers;
        this.remember();
        process.recordServers(userOf(process.name, this.name), servers);
    }

    verb(name: string): Verb | undefined {
        return this.verbs[name];
    }

    /** Remembers an item, unless a server without CAS has returned it. */
    private see(key: string, seen: Seen): void {
        if (seen.cas !== 0n) this.seen.set(key, seen);
    }

    private remember(): void {
        for (const server of this.client.servers as readonly MemcachedServer[]) this.everyServer.add(server);
    }

    private compared(key: string, entry: Entry): Seen {
        const seen = this.seen.get(key) ?? NEVER_SEEN;
        entry.notes.set('cas', seen.cas).set('value', seen.value);
        return seen;
    }
}

function expiring({ times: [seconds] }: Step): { expires: number } {
    return { expires: seconds! };
}
