"""The servers that Anteroom is measured beside, each written as its documentation shows."""
