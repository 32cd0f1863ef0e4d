/** The seed's `infrastructureWeights`: what makes a place in the infrastructure matter. */
export const factorNames = ['node_criticality', 'service_dependencies', 'resource_type', 'cascade_risk', 'system_namespace'] as const
export type FactorName = (typeof factorNames)[number]
export type Weights = Readonly<Record<FactorName, number>>
/** Each 0 to 1. */
export type Factors = Readonly<Record<FactorName, number>>

export const defaultWeights: Weights = { node_criticality: 0.3, service_dependencies: 0.2, resource_type: 0.2, cascade_risk: 0.15, system_namespace: 0.15 }

/** To a sum of 1; the default ones when there is nothing to divide. */
export function normalised (weights: Weights): Weights {
  const sum = factorNames.reduce((total, name) => total + Math.max(0, weights[name]), 0)
  if (!(sum > 0) || !Number.isFinite(sum)) return defaultWeights
  return Object.fromEntries(factorNames.map(name => [name, Math.max(0, weights[name]) / sum])) as Weights
}

export function weighed (factors: Factors, weights: Weights): number { return factorNames.reduce((sum, name) => sum + weights[name] * factors[name], 0) }
