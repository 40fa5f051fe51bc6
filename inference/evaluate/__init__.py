"""How good labels are: figures, comparisons and reports."""
