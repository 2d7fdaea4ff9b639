"""Tasks on a Dask cluster: https://distributed.dask.org, the extra ``blobfix[cluster]``; loaded only if asked for."""
