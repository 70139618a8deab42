import { createHash } from 'node:crypto';
import { checkKey } from '../client/checks';
import { invalidKey, notOpened } from '../client/errors';
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
 * The generation is a number in memcached. It only rises, also when memcached has lost it: whoever knew it takes one that is past all others. It is trusted
 * for `options.generation_ttl` ms from before it was asked for, and asked for again at half of that, so that in a busy service nobody waits.
 */
export class KeySpace {
    private generation: bigint | null = null;
    private isKnown = false;
    /** When the request was sent that answered it, or failed to. */
    private askedMs = -Infinity;
    private asking: Promise<void> | null = null;
    /** The last request failed: while the next one is under way, the generation that was known goes on, and nobody waits. */
    private isAway = false;
    /** Rises with every reset: what was asked for before it says nothing after it. */
    private life = 0;

    /** What stands between the prefix and the key, and both together. */
    private label = '';
    private head = '';
    /** While the generation is known: of the client. */
    private maxKeyBytes = 0;
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
        this.life++;
        this.generation = this.asking = null;
        this.label = '';
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
        if (!this.isKnown && !this.hasGenerations) return fullKey;
        if (key === GENERATION_KEY) throw generationKeyIsTaken();
        const wait = this.refresh();
        return wait === null ? this.place(key, fullKey) : wait.then(() => this.place(key, fullKey));
    }

    /**
     * The keys as memcached has them, of one generation, each checked before any is used.
     * @throws BadRequestException INVALID_KEY
     */
    findAll(keys: readonly string[]): readonly string[] | Promise<readonly string[]> {
        const { maxKeyBytes } = this.user.client.limits;
        const { hasGenerations } = this;
        const fullKeys = keys.map(key => {
            const fullKey = this.user.fullKey(key);
            const problem = checkKey(fullKey, maxKeyBytes);
            if (problem !== null) throw problem;
            if (hasGenerations && key === GENERATION_KEY) throw generationKeyIsTaken();
            return fullKey;
        });
        if (!hasGenerations) return fullKeys;
        const place = (): string[] => fullKeys.map((fullKey, i) => this.place(keys[i]!, fullKey));
        const wait = this.refresh();
        return wait === null ? place() : wait.then(place);
    }

    /**
     * Takes the next generation.
     * @throws ConfigException NO_PREFIX
     */
    async clear(): Promise<void> {
        if (!this.hasGenerations) throw noPrefix();
        try {
            await this.raise();
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
        const isDue = age > generationTtl;
        // Nobody has asked for long: it may be back.
        if (isDue && this.asking === null) this.isAway = false;
        const asking = (this.asking ??= this.ask());
        if (isDue && !this.isAway) return asking;
        asking.catch(() => {});
        return null;
    }

    private async ask(): Promise<void> {
        const { life, generation: known } = this;
        const askedMs = performance.now();
        try {
            const { value } = await this.user.client.gets(this.generationKey, PINNED);
            const generation = value === null ? null : toGeneration(value);
            // Memcached has lost the one that is known here, and `clear` with it perhaps.
            if (known !== null && (generation === null || generation < known)) await this.raise();
            else this.know(generation, askedMs, life);
        } catch (error) {
            if (!this.isKnown || this.life !== life) throw error;
            this.isAway = true;
            // The next attempt is due at half of the time again.
            this.askedMs = performance.now();
        } finally {
            if (this.life === life) this.asking = null;
        }
    }

    /**
     * Takes a generation that nobody has used. It is counted from the time of day, and so past those that memcached has lost, unless the clocks of two machines differ by
     * more than the life of what they store.
     */
    private async raise(): Promise<void> {
        const { life, generation: known } = this;
        const { client } = this.user;
        const askedMs = performance.now();
        const now = BigInt(Date.now());
        const initial = known !== null && known >= now ? known + 1n : now;
        const raiseBy = async (amount: bigint): Promise<bigint> =>
            (await client.increment(this.generationKey, amount, { initial, ...PINNED })).value!;
        let generation = await raiseBy(1n);
        if (known !== null && generation <= known) generation = await raiseBy(initial - generation);
        this.know(generation, askedMs, life);
    }

    /** @throws InvalidStateException NOT_OPENED to who has asked before the last reset */
    private know(generation: bigint | null, askedMs: number, life: number): void {
        if (this.life !== life) throw notOpened();
        this.maxKeyBytes = this.user.client.limits.maxKeyBytes;
        this.isKnown = true;
        this.isAway = false;
        this.askedMs = Math.max(this.askedMs, askedMs);
        // What was sent earlier may be answered later.
        if (generation === null || (this.generation !== null && generation <= this.generation)) return;
        this.generation = generation;
        this.label = `#${generation.toString(36)}:`;
        this.head = this.user.options.prefix + this.label;
        this.onChange();
    }

    private place(key: string, fullKey: string): string {
        if (this.generation === null) return fullKey;
        const placed = this.head + key;
        const { maxKeyBytes } = this;
        if (fits(placed, maxKeyBytes)) return placed;
        // Its fingerprint would be allowed, whatever it is.
        const problem = checkKey(fullKey, maxKeyBytes);
        if (problem !== null) throw problem;
        return this.label + digest(fullKey);
    }
}

function generationKeyIsTaken(): Error {
    return invalidKey(`${GENERATION_KEY} is taken: it counts how often clear was called`);
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
