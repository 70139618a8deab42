import { InternalException } from 'pip-services4-commons-node';

/** The error of a component that no factory makes, or whose constructor throws (CANNOT_CREATE). */
export class CreateException extends InternalException {
    /** @param messageOrLocator a string is the message; anything else is the requested locator */
    public constructor(traceId: string | null, messageOrLocator: unknown) {
        const message =
            typeof messageOrLocator === 'string'
                ? messageOrLocator
                : `Requested component ${String(messageOrLocator)} cannot be created`;
        super(traceId ?? undefined, 'CANNOT_CREATE', message);
        // InternalException resets the prototype to its own.
        Object.setPrototypeOf(this, CreateException.prototype);
        if (typeof messageOrLocator !== 'string') this.withDetails('locator', messageOrLocator);
    }
}
