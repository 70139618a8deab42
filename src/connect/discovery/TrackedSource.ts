import { formatAddress } from '../../client/model/ServerAddress';
import { MAX_TIMER_MS } from '../../util/timers';
import type { Access } from './Access';
import type { Place } from './Place';
import type { ServerSource } from './ServerSource';

/** The least time between two lookups because a server went down. */
const HURRY_MS = 5000;

/** The share of an interval by which each one varies, so that processes do not ask together. */
const JITTER = 0.1;

/** The part of the `ServerList` that its sources use. */
export interface SourceOwner {
    /** The interval that an option sets, null without one. */
    readonly intervalMs: number | null;
    isUp(place: Place): boolean;
    /** Looks up the servers of a source, and uses them. Never rejects. */
    refresh(source: TrackedSource): Promise<void>;
}

/**
 * A source with the servers of its last good answer. It asks at its interval, one question at a
 * time. A failed lookup changes nothing. Its timer does not keep the process alive.
 */
export class TrackedSource {
    private readonly rule;
    private own: readonly Place[] = [];
    private addresses: ReadonlySet<string> = new Set();
    private children: ReadonlyMap<string, TrackedSource> = new Map();
    private timer: NodeJS.Timeout | null = null;
    private dueMs = 0;
    private askedMs = -Infinity;
    private isFollowing = false;
    private isAsking = false;
    /** Whether a server went down while the source was asked. */
    private isHurried = false;

    constructor(
        private readonly source: ServerSource,
        private readonly owner: SourceOwner,
    ) {
        this.rule = source.createRule();
    }

    get name(): string {
        return this.source.name;
    }

    /** Returns the servers of this source and of those that it names. */
    get servers(): readonly Place[] {
        return [this.own, ...[...this.children.values()].map(child => child.servers)].flat();
    }

    /** Returns this source and those that it names. */
    get all(): readonly TrackedSource[] {
        return [this, ...[...this.children.values()].flatMap(child => child.all)];
    }

    /** Returns the interval of lookups in ms. 0 = only at open. */
    get intervalMs(): number {
        const { defaultIntervalMs } = this.source;
        return defaultIntervalMs === null ? 0 : (this.owner.intervalMs ?? defaultIntervalMs);
    }

    /**
     * Looks up the servers. A source that is new in the answer must answer too. Otherwise the
     * answer would replace servers that work by none.
     */
    async lookUp(access: Access, signal: AbortSignal): Promise<void> {
        this.askedMs = performance.now();
        const answer = await this.source.lookUp(access, signal);
        const children = new Map<string, TrackedSource>();
        const added: TrackedSource[] = [];
        for (const source of answer.sources ?? []) {
            const known = this.children.get(source.id) ?? children.get(source.id);
            const child = known ?? new TrackedSource(source, this.owner);
            children.set(source.id, child);
            if (known === undefined) added.push(child);
        }
        await Promise.all(added.map(child => child.lookUp(access, signal)));
        signal.throwIfAborted();
        for (const [id, child] of this.children) if (!children.has(id)) child.stop();
        this.children = children;
        this.own = this.rule.next(this.own, answer, place => this.owner.isUp(place));
        this.addresses = new Set(this.own.map(formatAddress));
        if (this.isFollowing) added.forEach(child => child.follow());
    }

    /** Begins to ask at the interval. */
    follow(): void {
        this.isFollowing = true;
        this.schedule(this.nextIntervalMs());
        for (const child of this.children.values()) child.follow();
    }

    /** Asks soon if the source has listed the server, which went down. */
    onDown(address: string): void {
        for (const child of this.children.values()) child.onDown(address);
        if (!this.addresses.has(address)) return;
        if (this.isAsking) this.isHurried = true;
        else if (this.timer !== null && performance.now() + this.hurryMs() < this.dueMs) this.schedule(this.hurryMs());
    }

    stop(): void {
        this.isFollowing = false;
        if (this.timer !== null) clearTimeout(this.timer);
        this.timer = null;
        for (const child of this.children.values()) child.stop();
    }

    private schedule(ms: number): void {
        if (!this.isFollowing || this.intervalMs === 0) return;
        if (this.timer !== null) clearTimeout(this.timer);
        this.dueMs = performance.now() + ms;
        this.timer = setTimeout(() => void this.poll(), ms).unref();
    }

    private async poll(): Promise<void> {
        this.timer = null;
        this.isHurried = false;
        this.isAsking = true;
        await this.owner.refresh(this);
        this.isAsking = false;
        const nextMs = this.nextIntervalMs();
        this.schedule(this.isHurried ? Math.min(nextMs, this.hurryMs()) : nextMs);
    }

    private hurryMs(): number {
        return Math.max(0, this.askedMs + HURRY_MS - performance.now());
    }

    private nextIntervalMs(): number {
        return Math.min(MAX_TIMER_MS, this.intervalMs * (1 + JITTER * (2 * Math.random() - 1)));
    }
}
