import { Descriptor, type IContext, type IReferences } from 'pip-services4-components-node';
import type { LogLine } from './logLines';

/** A context or, as containers of version 3 pass it, the trace id alone. */
export type AnyContext = IContext | string | null | undefined;

/** The part of a logger that every version of Pip.Services has. */
interface Logger {
    info(context: AnyContext, message: string, ...args: unknown[]): unknown;
    warn(context: AnyContext, message: string, ...args: unknown[]): unknown;
}

const LOGGERS = new Descriptor('*', 'logger', '*', '*', '1.0');

/** All referenced loggers. Their failures do not fail the component. */
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

    private write(log: (logger: Logger) => unknown): void {
        for (const logger of this.loggers) {
            // A logger has nowhere to report a failure, now or later.
            new Promise(resolve => resolve(log(logger))).catch(() => {});
        }
    }
}
