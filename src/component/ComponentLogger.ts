import { Descriptor, type IContext, type IReferences } from 'pip-services4-components-node';
import type { LogLine } from './logLines';

/** A context, or the trace id alone, as the containers of version 3 pass it. */
export type AnyContext = IContext | string | null | undefined;

/** What is asked of a logger; every version of Pip.Services has it. */
interface Logger {
    info(context: AnyContext, message: string, ...args: unknown[]): unknown;
    warn(context: AnyContext, message: string, ...args: unknown[]): unknown;
}

const LOGGERS = new Descriptor('*', 'logger', '*', '*', '1.0');

/** Writes to every referenced logger; without one it is silent. A logger that fails does not fail its user. */
export class ComponentLogger {
    private loggers: Logger[] = [];

    setReferences(references: IReferences): void {
        this.loggers = references.getOptional<Logger>(LOGGERS);
    }

    unsetReferences(): void {
        this.loggers = [];
    }

    info(context: AnyContext, message: LogLine<'info'>): void {
        this.write(logger => logger.info(context, message));
    }

    warn(context: AnyContext, message: LogLine<'warn'>): void {
        this.write(logger => logger.warn(context, message));
    }

    private write(to: (logger: Logger) => unknown): void {
        for (const logger of this.loggers) {
            // There is nobody left to tell, now or later.
            new Promise(resolve => resolve(to(logger))).catch(() => {});
        }
    }
}
