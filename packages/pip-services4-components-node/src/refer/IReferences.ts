/** The components a component may depend on. A locator is a `Descriptor`, a string, or the component itself. */
export interface IReferences {
    put(locator: unknown, component: unknown): unknown;
    /** The removed component, or null. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    remove(locator: unknown): any;
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    removeAll(locator: unknown): any[];
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    getAllLocators(): any[];
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    getAll(): any[];
    getOptional<T>(locator: unknown): T[];
    /** @throws ReferenceException REF_ERROR when there is none */
    getRequired<T>(locator: unknown): T[];
    /** The one put last, or null. */
    getOneOptional<T>(locator: unknown): T | null;
    /** The one put last. @throws ReferenceException REF_ERROR when there is none */
    getOneRequired<T>(locator: unknown): T;
    /** The one put last comes first. @throws ReferenceException REF_ERROR when `required` and there is none */
    find<T>(locator: unknown, required: boolean): T[];
}
