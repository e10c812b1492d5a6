/** Words of the page. */
export const overview = { title: "Overview" };
