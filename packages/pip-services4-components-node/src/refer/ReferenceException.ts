import { InternalException } from 'pip-services4-commons-node';
import type { IContext } from '../context/IContext';
import { ContextResolver } from '../context/ContextResolver';

/** The error of a required component that is missing (REF_ERROR). */
export class ReferenceException extends InternalException {
    public constructor(context: IContext | string | null, locator: unknown) {
        super(ContextResolver.getTraceId(context), 'REF_ERROR', `Failed to obtain reference to ${String(locator)}`);
        // InternalException resets the prototype to its own.
        Object.setPrototypeOf(this, ReferenceException.prototype);
        this.withDetails('locator', locator);
    }
}
