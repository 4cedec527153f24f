import { StoreError } from '#ports/store.ts'
import type { SqlRow } from './database.ts'

/** Columns as the schema has them. Another type there is damage, and so is a value that its reader refuses. */

export function numberIn(row: SqlRow, column: string): number {
  const value = row[column]
  return typeof value === 'number' ? value : damaged(column, row)
}

export function textIn(row: SqlRow, column: string): string {
  const value = row[column]
  return typeof value === 'string' ? value : damaged(column, row)
}

export function optionalTextIn(row: SqlRow, column: string): string | undefined {
  return row[column] === null ? undefined : textIn(row, column)
}

/** A number that `make` accepts. */
export function madeIn<T>(row: SqlRow, column: string, make: (value: number) => T | undefined): T {
  return make(numberIn(row, column)) ?? damaged(column, row)
}

function damaged(column: string, row: SqlRow): never {
  throw new StoreError('damaged', `read "${column}" from the store: ${JSON.stringify(row[column])}`)
}
