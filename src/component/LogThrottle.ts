import type { AnyContext, ComponentLogger } from './ComponentLogger';
import { line, type LogLine } from './logLines';

const INTERVAL_MS = 60_000;

/** A log with at most one warning of each kind per minute. It counts the others. */
export class LogThrottle<Kind extends string> {
    private readonly logged = new Map<Kind, { readonly atMs: number; suppressed: number }>();

    constructor(private readonly log: ComponentLogger) {}

    /** Logs a warning. Calls `message` only if it writes the line. */
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
