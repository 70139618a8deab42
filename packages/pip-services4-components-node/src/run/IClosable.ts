import type { IContext } from '../context/IContext';

export interface IClosable {
    close(context: IContext | null): Promise<void>;
}
