import { createHash } from 'node:crypto';
import { invalidKey } from '../client/errors';
import type { ConnectionUser } from '../connect/ConnectionUser';
import { noPrefix } from './errors';

/** Under the prefix: which generation of keys is in use. */
const GENERATION_KEY = '#generation';

/** With its generation. */
const LONGEST_DIGEST_BYTES = 60;

/** A pinned key does not move to another server that has never heard of it. */
const PINNED = { pinned: true } as const;

/**
 * Keys as memcached has them: the prefix, and once `clear` was called a generation, then the key. A new generation leaves everything that was stored before behind.
 *
 * The generation is a number in memcached. It only rises, also when memcached has lost it: whoever knew it takes one that is past both. It is trusted
 * for `options.generation_ttl` ms from before it was asked for, and asked for again at half of that, so that in a busy service nobody waits.
 */
export class KeySpace {
    private generation: bigint | null = null;
    private isKnown = false;
    /** When the request was sent that answered it. */
    private askedMs = -Infinity;
    private asking: Promise<void> | null = null;
    /** The last request failed: the generation that was known goes on, nobody waits. */
    private isAway = false;

    /** How long a key must be allowed to be. */
    private neededBytes = 0;

    /** @param onChange everything that was stored is out of reach */
    constructor(
        private readonly user: ConnectionUser,
        private readonly onChange: () => void,
    ) {
        this.reset();
    }

    /** The options have changed, or another memcached may be behind the connection. */
    reset(): void {
        this.generation = null;
        this.isKnown = this.isAway = false;
        this.askedMs = -Infinity;
        this.neededBytes = Math.max(LONGEST_DIGEST_BYTES, Buffer.byteLength(this.generationKey));
    }

    /**
     * The key as memcached has it; a promise while its generation has to be asked for.
     * @throws BadRequestException INVALID_KEY
     */
    find(key: string): string | Promise<string> {
        const fullKey = this.user.fullKey(key);
        if (!this.hasGenerations) return fullKey;
        if (key === GENERATION_KEY)
            throw invalidKey(`${GENERATION_KEY} is taken: it counts how often clear was called`);
        const wait = this.refresh();
        return wait === null ? this.place(fullKey) : wait.then(() => this.place(fullKey));
    }

    /** The keys as memcached has them, each checked before any is used. */
    async findAll(keys: readonly string[]): Promise<string[]> {
        const found: string[] = [];
        // One that is a promise stands for all: when it has resolved the generation is known.
        for (const key of keys) {
            const fullKey = this.find(key);
            found.push(typeof fullKey === 'string' ? fullKey : await fullKey);
        }
        return found;
    }

    /**
     * Takes the next generation.
     * @throws ConfigException NO_PREFIX
     */
    async clear(): Promise<void> {
        if (!this.hasGenerations) throw noPrefix();
        const { client } = this.user;
        const askedMs = performance.now();
        // Like this it is past all others also when memcached has lost it, unless the clocks of two machines differ by more than its life.
        const initial = this.past(BigInt(Date.now()));
        try {
            const { value } = await client.increment(this.generationKey, 1, { initial, ...PINNED });
            if (this.generation !== null && value! <= this.generation) await this.overtake();
            else this.know(value, askedMs);
        } catch (error) {
            // It may have been carried out.
            this.askedMs = -Infinity;
            throw error;
        }
    }

    private get hasGenerations(): boolean {
        const { prefix, generationTtl } = this.user.options;
        return prefix !== '' && generationTtl > 0 && this.neededBytes <= this.user.client.limits.maxKeyBytes;
    }

    private get generationKey(): string {
        return this.user.options.prefix + GENERATION_KEY;
    }

    /** null: the generation may be used. */
    private refresh(): Promise<void> | null {
        const age = performance.now() - this.askedMs;
        const { generationTtl } = this.user.options;
        if (age <= generationTtl / 2) return null;
        const asking = (this.asking ??= this.ask().finally(() => (this.asking = null)));
        if (age > generationTtl && !this.isAway) return asking;
        asking.catch(() => {});
        return null;
    }

    private async ask(): Promise<void> {
        const askedMs = performance.now();
        try {
            const { value } = await this.user.client.gets(this.generationKey, PINNED);
            const generation = value === null ? null : toGeneration(value);
            if (this.generation !== null && (generation === null || generation < this.generation)) {
                await this.overtake();
            } else this.know(generation, askedMs);
        } catch (error) {
            if (!this.isKnown) throw error;
            this.isAway = true;
            // The next attempt is due at half of the time again.
            this.askedMs = askedMs;
        }
    }

    /** Memcached has lost the generation that is known here, and `clear` with it perhaps. */
    private async overtake(): Promise<void> {
        const askedMs = performance.now();
        const { client } = this.user;
        const next = this.past(0n);
        let { value } = await client.increment(this.generationKey, 1, { initial: next, ...PINNED });
        if (value! < next) ({ value } = await client.increment(this.generationKey, next - value!, PINNED));
        this.know(value, askedMs);
    }

    private past(least: bigint): bigint {
        return this.generation !== null && this.generation >= least ? this.generation + 1n : least;
    }

    private know(generation: bigint | null, askedMs: number): void {
        this.isKnown = true;
        this.isAway = false;
        this.askedMs = Math.max(this.askedMs, askedMs);
        if (generation === this.generation) return;
        this.generation = generation;
        this.onChange();
    }

    private place(fullKey: string): string {
        if (this.generation === null) return fullKey;
        const { prefix } = this.user.options;
        const label = `#${this.generation.toString(36)}:`;
        const placed = prefix + label + fullKey.slice(prefix.length);
        const { maxKeyBytes } = this.user.client.limits;
        return fits(placed, maxKeyBytes) ? placed : label + digest(fullKey);
    }
}

/** Where the generation leaves no room for the key, its fingerprint stands for it. */
function digest(fullKey: string): string {
    return createHash('sha256').update(fullKey).digest('base64url');
}

function fits(key: string, maxBytes: number): boolean {
    return key.length * 3 <= maxBytes || Buffer.byteLength(key) <= maxBytes;
}

function toGeneration(value: Buffer): bigint | null {
    const text = value.toString('latin1').trim();
    return /^\d{1,20}$/.test(text) ? BigInt(text) : null;
}
