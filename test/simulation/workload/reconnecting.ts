import type { ClientPlan, ProtocolMode } from '../schedule/Plan';

/** Pause that is longer than the delay of any timer. */
export const MARGIN_MS = 1000;

/** Returns the longest time that a client needs to connect. It may try both protocols. */
export function connectingMs({ connectTimeoutMs }: ClientPlan, protocol: ProtocolMode): number {
    return connectTimeoutMs * (protocol === 'auto' ? 2 : 1);
}

/** Returns the time after which a client uses a server again that has come back. */
export function reconnectingMs(client: ClientPlan, protocol: ProtocolMode): number {
    const { retryMs, reconnectMs, requestTimeoutMs } = client;
    return retryMs + reconnectMs + requestTimeoutMs + connectingMs(client, protocol) + MARGIN_MS;
}
