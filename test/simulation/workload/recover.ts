import type { Service } from './Service';
import type { SimProcess } from './SimProcess';

/** Channels that hear nothing are found out one round after another. */
const MOST_TRIES = 10;
/** More than a pause, rounded up and late. */
const MARGIN_MS = 1000;

/** When all faults are over, and after the pauses between attempts to connect, everything works again. */
export async function recover(
    process: SimProcess,
    { plan, quietMs }: Service,
    use: () => Promise<void>,
): Promise<void> {
    const { retryMs, reconnectMs, requestTimeoutMs, connectTimeoutMs } = plan.client;
    const pauseMs = retryMs + reconnectMs + requestTimeoutMs + connectTimeoutMs + MARGIN_MS;
    await process.pause(quietMs + MARGIN_MS);
    for (let tries = 1; ; tries++) {
        try {
            return await use();
        } catch (error) {
            if (tries === MOST_TRIES) throw error;
            await process.pause(pauseMs);
        }
    }
}
