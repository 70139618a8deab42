import { ConfigParams } from 'pip-services4-components-node';
import type { CacheCounts } from '../../../src/cache/engine/CacheMetrics';
import { MemcachedCache } from '../../../src/cache/MemcachedCache';
import type { RingServer } from '../../../src/client/cluster/ketama/HashRing';
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
import { valueOf } from './values';

type Verb = (step: Step, entry: Entry) => Promise<unknown>;

/** Planned failure of a loader. */
export class LoaderError extends Error {
    readonly code = 'LOADER_FAILED';
}

/** Verbs of `MemcachedCache`. */
export class CacheComponent implements Component {
    readonly name = 'cache';
    readonly prefix = 'c:';
    readonly meter = new Meter();
    readonly discovery: Discovery | null;
    private readonly cache = new MemcachedCache();
    private readonly user: string;

    private readonly verbs: Readonly<Record<string, Verb>> = {
        'open cache': () => this.cache.open(null),
        'close cache': () => this.cache.close(null),
        retrieve: ({ keys: [key] }) => this.cache.retrieve(null, key!),
        store: step => this.cache.store(null, step.keys[0]!, valueOf(step), step.times[0]),
        remove: ({ keys: [key] }) => this.cache.remove(null, key!),
        contains: ({ keys: [key] }) => this.cache.contains(null, key!),
        'touch value': ({ keys: [key], times: [ms] }) => this.cache.touch(null, key!, ms),
        retrieveAndTouch: ({ keys: [key], times: [ms] }) => this.cache.retrieveAndTouch(null, key!, ms),
        'add value': step => this.cache.add(null, step.keys[0]!, valueOf(step), step.times[0]),
        'replace value': step => this.cache.replace(null, step.keys[0]!, valueOf(step), step.times[0]),
        count: ({ keys: [key], amount, times: [ms] }) =>
            this.cache.increment(null, key!, amount, { initial: 0, timeout: ms! }),
        'append text': step => this.cache.append(null, step.keys[0]!, valueOf(step), step.times[0]),
        'prepend text': step => this.cache.prepend(null, step.keys[0]!, valueOf(step), step.times[0]),
        update: step =>
            this.cache.update<string[]>(
                null,
                step.keys[0]!,
                list => this.slowly(step, [...(list ?? []), valueOf(step)]),
                step.times[0],
            ),
        retrieveMany: ({ keys }) => this.cache.retrieveMany(null, keys),
        storeMany: step =>
            this.cache.storeMany(null, new Map(step.keys.map((key, i) => [key, valueOf(step, i)])), step.times[0]),
        clear: () => this.cache.clear(null),
        removeMany: ({ keys }) => this.cache.removeMany(null, keys),
        'recover cache': () =>
            recover(
                this.process,
                this.service,
                async () => {
                    await this.cache.open(null);
                    this.discovery?.recordServers();
                    const { fallbacks } = this.stats;
                    const servers = this.service.lists.last(this.user);
                    for (const key of probeKeys(servers, this.prefix)) await this.cache.contains(null, key);
                    if (this.stats.fallbacks > fallbacks) throw new Error('memcached is unavailable');
                },
                () => this.cache.getStats().servers,
            ),
        'check cache': () => this.cache.checkHealth(null),
        publish: ({ keys: [key], amount, times: [ms] }, entry) =>
            this.service.source.publish(key!, this.process, async version => {
                entry.notes.set('version', version).set('startedMs', performance.now());
                if (amount % 3 === 0) await this.cache.remove(null, key!);
                else await this.cache.store(null, key!, { version }, ms);
            }),
        retrieveOrLoad: (step, entry) => {
            const [ms, loadMs, staleFor, nullTimeout] = step.times;
            const options = { loadTimeout: this.service.plan.cache.loadTimeoutMs, staleFor, nullTimeout };
            return withCallerSignal(this.process, entry, signal =>
                this.cache.retrieveOrLoad(null, step.keys[0]!, ms, own => this.load(step, loadMs!, own), {
                    ...options,
                    signal,
                }),
            );
        },
    };

    constructor(
        private readonly process: SimProcess,
        private readonly service: Service,
    ) {
        const { plan, servers } = service;
        const { maxSize } = plan.cache;
        this.user = userOf(process.name, this.name);
        this.discovery = Discovery.of(process, service, this.user, () => this.cache.getStats().servers);
        const own = {
            'options.prefix': this.prefix,
            'options.clear': String(plan.cache.hasClear),
            'options.update_timeout': 500,
            'options.max_expiration': plan.cache.maxExpirationMs,
        };
        this.cache.configure(
            ConfigParams.fromValue({
                ...settingsOf(plan, servers, process.protocol),
                ...own,
                'options.max_size': maxSize,
            }),
        );
        this.cache.setReferences(referencesTo(this.meter, this.discovery));
    }

    get stats(): CacheCounts {
        return this.cache.getStats();
    }

    follow(servers: readonly RingServer[]): void {
        this.discovery?.follow(servers);
    }

    verb(name: string): Verb | undefined {
        return this.verbs[name];
    }

    private async slowly<T>({ amount, bytes }: Step, value: T): Promise<T> {
        if (amount % 3 === 0) await this.process.pause(bytes % 10);
        return value;
    }

    /** Returns the version at the start of the load. */
    private async load({ id, keys: [key], amount, hangs }: Step, ms: number, signal: AbortSignal): Promise<unknown> {
        const { process } = this;
        const { source } = this.service;
        const run = {
            process: process.name,
            key: key!,
            version: source.version(key!),
            startMs: performance.now(),
            endMs: Infinity,
            step: id,
            abortedMs: Infinity,
        };
        const aborted = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
        signal.addEventListener('abort', () => (run.abortedMs = performance.now()));
        source.runs.push(run);
        process.trace(`loads ${key} at version ${run.version}`);
        await (hangs ? aborted : process.pause(ms));
        run.endMs = performance.now();
        if (hangs) throw new LoaderError();
        if (amount % 7 === 0) throw new LoaderError();
        return run.version === 0 && amount % 5 === 0 ? null : { version: run.version };
    }
}
