// Whose an engine's object is: labels that the guard alone writes. A request that names one of them is refused (rule docker-label).

/** Labels that begin so are the guard’s. */
export const guardLabelPrefix = 'stockade.'
/** The tenant whose the object is. */
export const tenantLabel = 'stockade.tenant'
/** The name by which its tenant calls it; the engine’s own name has the tenant in it, so that two may use one. */
export const nameLabel = 'stockade.name'
/** The image as its tenant named it: the engine gets the id of what was judged. */
export const imageLabel = 'stockade.image'
