import { connectingMs } from './reconnecting';
import { userOf } from './ServerLists';
import type { Service } from './Service';
import type { SimProcess } from './SimProcess';

/** Margin for rounds of the event loop. */
const SLACK_MS = 20;
/** Time that is shorter than one callback. */
const MOMENT_MS = 0.001;
/** Verbs that connect before they send a request. */
const CONNECTING = /^(open|check|recover)/;

/** Checks that a process closes its sockets to a removed server once the last calls have ended. */
export function watchDeparture(process: SimProcess, { plan, lists }: Service, server: string): void {
    const { loop } = process;
    const { requestTimeoutMs } = plan.client;
    const isConnecting = process.pendingVerbs.some(verb => CONNECTING.test(verb));
    const maxMs = requestTimeoutMs + (isConnecting ? connectingMs(plan.client, process.protocol) : 0) + SLACK_MS;
    const removedMs = performance.now();
    const { heldMs } = loop;
    // Another component may still use the server, or the server may return to the list.
    const isUsedUntil = (nowMs: number): boolean =>
        plan.parts
            .flatMap(part => lists.between(userOf(process.name, part), removedMs + MOMENT_MS, nowMs))
            .some(list => list.some(({ host }) => host === server));
    const check = (): void => {
        const nowMs = performance.now();
        const remainingMs = maxMs + 2 * (loop.heldMs - heldMs) - (nowMs - removedMs);
        if (remainingMs > 0) loop.post(nowMs + remainingMs, check);
        else if (!isUsedUntil(nowMs) && process.socketsTo(server) > 0)
            lists.violations.push(`${process.name} has sockets to ${server} ${maxMs} ms after its removal`);
    };
    loop.post(removedMs + maxMs, check);
}
