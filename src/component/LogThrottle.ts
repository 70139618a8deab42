import type { AnyContext, ComponentLogger } from './ComponentLogger';
import { line, type LogLine } from './logLines';

const SAID_AGAIN_AFTER_MS = 60_000;

/** Warns of frequent events: of each kind at most once a minute, with the number of lines it kept back. */
export class LogThrottle<Kind extends string> {
    private readonly logged = new Map<Kind, { readonly atMs: number; kept: number }>();

    constructor(private readonly log: ComponentLogger) {}

    /** @param message is made when it is said */
    warn(context: AnyContext, kind: Kind, message: () => LogLine<'warn'>): void {
        const last = this.logged.get(kind);
        const nowMs = performance.now();
        if (last !== undefined && nowMs - last.atMs < SAID_AGAIN_AFTER_MS) {
            last.kept++;
            return;
        }
        this.logged.set(kind, { atMs: nowMs, kept: 0 });
        this.log.warn(context, last?.kept ? line('repeated', message(), last.kept) : message());
    }
}
