import { KeyedMutex } from '../../util/KeyedMutex';

/**
 * Sends the writes to a key in the order of their calls, despite compression, which leaves the event
 * loop. A write waits for the compressions before it, but not for replies. So it keeps its time
 * limit.
 */
export class WriteOrder {
    private readonly waiting = new KeyedMutex();

    /** Returns whether no write waits. If so, a new write with a ready input stays in order. */
    get isIdle(): boolean {
        return this.waiting.isEmpty;
    }

    /** Resolves when the client has all writes that wait now. */
    sent(): Promise<void> {
        return this.waiting.settled();
    }

    send<I, T>(fullKey: string, input: I | Promise<I>, write: (input: I) => Promise<T>): Promise<T> {
        if (!(input instanceof Promise) && !this.waiting.has(fullKey)) return write(input);
        return sendAsStep(
            step => this.waiting.run(fullKey, step),
            () => input,
            write,
        );
    }

    /**
     * Sends a write to many keys.
     * @param isReady whether none of the inputs is a promise
     */
    sendMany<I, T>(
        fullKeys: readonly string[],
        inputs: readonly (I | Promise<I>)[],
        isReady: boolean,
        write: (inputs: readonly I[]) => Promise<T>,
    ): Promise<T> {
        if (isReady && (this.isIdle || !fullKeys.some(key => this.waiting.has(key)))) {
            return write(inputs as readonly I[]);
        }
        return sendAsStep(
            step => this.waiting.runAll(fullKeys, step),
            () => Promise.all(inputs),
            write,
        );
    }
}

/** Runs a step that ends when its write has begun, so that a later step needs no reply. */
function sendAsStep<I, T>(
    run: (step: () => Promise<void>) => Promise<void>,
    prepare: () => I | Promise<I>,
    write: (input: I) => Promise<T>,
): Promise<T> {
    return new Promise((resolve, reject: (error: unknown) => void) => {
        const step = async (): Promise<void> => resolve(write(await prepare()));
        void run(() => step().catch(reject));
    });
}
