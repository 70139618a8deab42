import type { IReferences } from './IReferences';

/** A component that needs other components. */
export interface IReferenceable {
    setReferences(references: IReferences): void;
}
