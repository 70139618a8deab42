import type { IContext } from '../context/IContext';

export interface ICleanable {
    clear(context: IContext | null): Promise<void>;
}
