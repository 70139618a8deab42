import type { AnyContext, ComponentLogger } from './ComponentLogger';
import { line, type LogLine } from './logLines';

const INTERVAL_MS = 60_000;

/** Logs at most one warning of each kind a minute, with the number of those it left out before. */
export class LogThrottle<Kind extends string> {
    private readonly logged = new Map<Kind, { readonly atMs: number; suppressed: number }>();

    constructor(private readonly log: ComponentLogger) {}

    /** @param message is called only when the line is written */
    warn(context: AnyContext, kind: Kind, message: () => LogLine<'warn'>): void {
        const last = this.logged.get(kind);
        const nowMs = performance.now();
        if (last !== undefined && nowMs - last.atMs < INTERVAL_MS) {
            last.suppressed++;
            return;
        }
        this.logged.set(kind, { atMs: nowMs, suppressed: 0 });
        this.log.warn(context, last?.suppressed ? line('repeated', message(), last.suppressed) : message());
    }
}
