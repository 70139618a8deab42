import type { IReferences } from './IReferences';
import { Reference } from './Reference';
import { ReferenceException } from './ReferenceException';

/** The components of a container, found by locator. A locator is usually a descriptor. */
export class References implements IReferences {
    protected _references: Reference[] = [];

    /** @param tuples alternating locators and components */
    public constructor(tuples: unknown[] = []) {
        for (let i = 0; i + 1 < tuples.length; i += 2) this.put(tuples[i], tuples[i + 1]);
    }

    public put(locator: unknown, component: unknown): void {
        this._references.push(new Reference(locator, component));
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public remove(locator: unknown): any {
        const newest = this.matching(locator)[0];
        if (newest == null) return null;
        this._references = this._references.filter(reference => reference !== newest);
        return newest.getComponent();
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public removeAll(locator: unknown): any[] {
        const removed = this.matching(locator);
        this._references = this._references.filter(reference => !removed.includes(reference));
        return removed.map(reference => reference.getComponent());
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public getAllLocators(): any[] {
        return this._references.map(reference => reference.getLocator());
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public getAll(): any[] {
        return this._references.map(reference => reference.getComponent());
    }

    public getOptional<T>(locator: unknown): T[] {
        try {
            return this.find<T>(locator, false);
        } catch {
            return [];
        }
    }

    public getRequired<T>(locator: unknown): T[] {
        return this.find<T>(locator, true);
    }

    public getOneOptional<T>(locator: unknown): T | null {
        return this.getOptional<T>(locator)[0] ?? null;
    }

    public getOneRequired<T>(locator: unknown): T {
        return this.find<T>(locator, true)[0] as T;
    }

    public find<T>(locator: unknown, required: boolean): T[] {
        if (locator == null) throw new Error('Locator cannot be null');
        const found = this.matching(locator).map(reference => reference.getComponent() as T);
        if (required && found.length === 0) throw new ReferenceException(null, locator);
        return found;
    }

    public static fromTuples(...tuples: unknown[]): References {
        return new References(tuples);
    }

    /** Returns the references that match, the newest first. */
    private matching(locator: unknown): Reference[] {
        if (locator == null) return [];
        return this._references.filter(reference => reference.match(locator)).reverse();
    }
}
