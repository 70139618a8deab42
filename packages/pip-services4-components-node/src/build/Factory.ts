import { locatorMatches } from '../refer/locatorMatches';
import { CreateException } from './CreateException';
import type { IFactory } from './IFactory';

interface Registration {
    locator: unknown;
    make: (locator: unknown) => unknown;
}

/** A factory that makes a component by the first registration whose locator matches. */
export class Factory implements IFactory {
    private readonly _registrations: Registration[] = [];

    public register(locator: unknown, factory: (locator: unknown) => unknown): void {
        if (locator == null) throw new Error('Locator cannot be null');
        if (factory == null) throw new Error('Factory cannot be null');
        this._registrations.push({ locator, make: factory });
    }

    public registerAsType(locator: unknown, type: new () => unknown): void {
        if (type == null) throw new Error('Type cannot be null');
        this.register(locator, () => new type());
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public canCreate(locator: unknown): any {
        return this.registrationFor(locator)?.locator ?? null;
    }

    /**
     * Returns null if no registration matches. @throws CreateException CANNOT_CREATE when the
     * constructor throws
     */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public create(locator: unknown): any {
        const registration = this.registrationFor(locator);
        if (registration == null) return null;
        try {
            return registration.make(locator);
        } catch (error) {
            throw new CreateException(null, `Failed to create object for ${String(locator)}: ${String(error)}`)
                .withDetails('locator', locator)
                .withCause(error as Error);
        }
    }

    private registrationFor(locator: unknown): Registration | undefined {
        if (locator == null) return undefined;
        return this._registrations.find(registration => locatorMatches(registration.locator, locator));
    }
}
