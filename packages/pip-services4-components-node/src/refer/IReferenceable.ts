import type { IReferences } from './IReferences';

export interface IReferenceable {
    setReferences(references: IReferences): void;
}
