/**
 * The components that a component may depend on. A locator is a `Descriptor`, a string, or the
 * component itself.
 */
export interface IReferences {
    put(locator: unknown, component: unknown): unknown;
    /** Returns the removed component, or null. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    remove(locator: unknown): any;
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    removeAll(locator: unknown): any[];
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    getAllLocators(): any[];
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    getAll(): any[];
    getOptional<T>(locator: unknown): T[];
    /** @throws ReferenceException REF_ERROR when no component matches */
    getRequired<T>(locator: unknown): T[];
    /** Returns the newest matching component, or null. */
    getOneOptional<T>(locator: unknown): T | null;
    /**
     * Returns the newest matching component.
     * @throws ReferenceException REF_ERROR when no component matches
     */
    getOneRequired<T>(locator: unknown): T;
    /**
     * Returns the matching components, the newest first.
     * @throws ReferenceException REF_ERROR when `required` is true and no component matches
     */
    find<T>(locator: unknown, required: boolean): T[];
}
