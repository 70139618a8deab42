import { userOf } from './ServerLists';
import type { Service } from './Service';
import type { SimProcess } from './SimProcess';

/** Rounds of the event loop. */
const SLACK_MS = 20;
/** Shorter than one callback. */
const MOMENT_MS = 0.001;
/** These connect before they ask. */
const CONNECTING = /^(open|check|recover)/;

/** The server has left a list of the process: when its last calls are over, no socket to it is left. */
export function watchDeparture(process: SimProcess, { plan, lists }: Service, server: string): void {
    const { loop } = process;
    const { requestTimeoutMs, connectTimeoutMs } = plan.client;
    const isConnecting = process.pendingVerbs.some(verb => CONNECTING.test(verb));
    const mostMs = requestTimeoutMs + (isConnecting ? connectTimeoutMs : 0) + SLACK_MS;
    const goneMs = performance.now();
    const { heldMs } = loop;
    // By another component of the process, or because it has come back.
    const isUsedUntil = (nowMs: number): boolean =>
        plan.parts
            .flatMap(part => lists.between(userOf(process.name, part), goneMs + MOMENT_MS, nowMs))
            .some(list => list.some(({ host }) => host === server));
    const check = (): void => {
        const nowMs = performance.now();
        const leftMs = mostMs + 2 * (loop.heldMs - heldMs) - (nowMs - goneMs);
        if (leftMs > 0) loop.post(nowMs + leftMs, check);
        else if (!isUsedUntil(nowMs) && process.socketsTo(server) > 0)
            lists.mistakes.push(`${process.name} has sockets to ${server}, ${mostMs} ms after it left the list`);
    };
    loop.post(goneMs + mostMs, check);
}
